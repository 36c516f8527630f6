import type { AddressNumber } from "../../model/address.js";
import type {
  DumpedNode,
  DumpedPod,
  ObjectIdentity,
  PodOwner,
  TunnelAddress,
} from "./cluster-dump.js";
import { Field } from "./field-reader.js";

/** Annotations of a Kubernetes node (`libcalico-go/lib/backend/k8s/resources/node.go@v3.28.4`). */
export const TUNNEL_ANNOTATIONS: readonly (readonly [TunnelAddress["use"], string])[] = [
  ["vxlan", "projectcalico.org/IPv4VXLANTunnelAddr"],
  ["wireguard", "projectcalico.org/IPv4WireguardInterfaceAddr"],
  ["ipip", "projectcalico.org/IPv4IPIPTunnelAddr"],
  ["vxlan-v6", "projectcalico.org/IPv6VXLANTunnelAddr"],
  ["wireguard-v6", "projectcalico.org/IPv6WireguardInterfaceAddr"],
];

const POD_IP = "cni.projectcalico.org/podIP";
const POD_IPS = "cni.projectcalico.org/podIPs";
const AWS_POD_IPS = "vpc.amazonaws.com/pod-ips";

const FINISHED_PHASES = ["Succeeded", "Failed", "Completed"];

function readLabels(metadata: Field): Record<string, string> {
  const labels = metadata.member("labels").optionalObject().entries();
  return Object.fromEntries(labels.map(([key, value]) => [key, value.scalar()]));
}

/** Where a Calico node (not a Kubernetes one) tells its tunnel addresses. */
function calicoNodeTunnels(spec: Field): (readonly [TunnelAddress["use"], Field])[] {
  const wireguard = spec.member("wireguard").optionalObject();
  return [
    ["vxlan", spec.member("ipv4VXLANTunnelAddr")],
    ["wireguard", wireguard.member("interfaceIPv4Address")],
    ["ipip", spec.member("bgp").optionalObject().member("ipv4IPIPTunnelAddr")],
    ["vxlan-v6", spec.member("ipv6VXLANTunnelAddr")],
    ["wireguard-v6", wireguard.member("interfaceIPv6Address")],
  ];
}

/** What the kubelet says it allows, a quantity such as 110. */
function readMaxPods(status: Field): number | null {
  const quantity = status.member("allocatable").optionalObject().member("pods");
  if (quantity.isAbsent) return null;
  const pods = Number(quantity.scalar());
  return Number.isSafeInteger(pods) && pods >= 0 ? pods : quantity.fail("a number of pods");
}

/** The latest time in the node's conditions. */
function readSeen(status: Field): number | null {
  const times = status
    .member("conditions")
    .optionalList()
    .map((condition) => readTime(condition.member("lastHeartbeatTime")) ?? -Infinity);
  const latest = Math.max(...times, -Infinity);
  return latest === -Infinity ? null : latest;
}

/** When the last container ended; null while one runs, or when that is not told. */
function readFinished(status: Field): number | null {
  let latest: number | null = null;
  for (const container of status.member("containerStatuses").optionalList()) {
    const terminated = container.member("state").optionalObject().member("terminated");
    if (terminated.isAbsent) return null;
    const ended = readTime(terminated.member("finishedAt"));
    if (ended === null) return null;
    latest = Math.max(latest ?? ended, ended);
  }
  return latest;
}

/** Reads a node of Kubernetes or of Calico. */
export function readNode(object: Field, identity: ObjectIdentity): DumpedNode {
  const metadata = object.member("metadata");
  const annotations = metadata.member("annotations").optionalObject();
  const fields =
    identity.apiVersion === "v1"
      ? TUNNEL_ANNOTATIONS.map(([use, name]) => [use, annotations.member(name)] as const)
      : calicoNodeTunnels(object.member("spec").optionalObject());
  const tunnels = fields
    .filter(([, field]) => !field.isAbsent && field.value !== "")
    .map(([use, field]) => ({ use, address: field.address() }));
  const isKubernetes = identity.apiVersion === "v1" && identity.kind === "Node";
  const status = isKubernetes ? object.member("status").optionalObject() : undefined;
  return {
    name: identity.name,
    labels: readLabels(metadata),
    tunnels,
    maxPods: status === undefined ? null : readMaxPods(status),
    seenMs: status === undefined ? null : readSeen(status),
  };
}

/** The parts of a list that is written as one text. */
function splitList(field: Field): Field[] {
  return field
    .text()
    .split(",")
    .map((part) => field.with(part));
}

/**
 * Addresses of a pod: those in its status, else those the network plugin noted
 * (`libcalico-go/lib/backend/k8s/conversion/conversion.go@v3.28.4`).
 */
function readAddresses(status: Field, annotations: Field): AddressNumber[] {
  const several = status.member("podIPs").optionalList();
  if (several.length > 0) return several.map((entry) => entry.member("ip").address());
  const single = status.member("podIP");
  if (single.optionalText() !== "") return [single.address()];
  for (const name of [POD_IPS, POD_IP, AWS_POD_IPS]) {
    const annotation = annotations.member(name);
    if (annotation.optionalText() === "") continue;
    return splitList(annotation).map((entry) => entry.address());
  }
  return [];
}

/** RFC 3339 text, in milliseconds since 1970, or null when there is none. */
function readTime(field: Field): number | null {
  if (field.optionalText() === "") return null;
  const milliseconds = Date.parse(field.text());
  return Number.isNaN(milliseconds)
    ? field.fail("a time such as 2026-01-05T10:00:00Z")
    : milliseconds;
}

/** The controller that made the pod; a bare pod has none. */
function readOwner(metadata: Field): PodOwner | null {
  const references = metadata.member("ownerReferences").optionalList();
  const owner = references.find((reference) => reference.member("controller").value === true);
  if (owner === undefined) return null;
  return { kind: owner.member("kind").optionalText(), name: owner.member("name").optionalText() };
}

/** Reads a pod. */
export function readPod(object: Field, identity: ObjectIdentity): DumpedPod {
  const metadata = object.member("metadata");
  const annotations = metadata.member("annotations").optionalObject();
  const spec = object.member("spec").optionalObject();
  const status = object.member("status").optionalObject();
  const isBeingDeleted = !metadata.member("deletionTimestamp").isAbsent;
  // While a pod ends, the plugin empties this annotation the moment it has taken the network away.
  const hasLostNetwork = [POD_IP, AWS_POD_IPS].some(
    (name) => annotations.member(name).value === "",
  );
  return {
    namespace: identity.namespace,
    name: identity.name,
    nodeName: spec.member("nodeName").optionalText(),
    hostNetwork: spec.member("hostNetwork").optionalBoolean(false),
    isFinished:
      (isBeingDeleted && hasLostNetwork) ||
      FINISHED_PHASES.includes(status.member("phase").optionalText()),
    addresses: readAddresses(status, annotations),
    owner: readOwner(metadata),
    createdMs: readTime(metadata.member("creationTimestamp")),
    finishedMs: readFinished(status),
    graceSeconds:
      spec.member("terminationGracePeriodSeconds").optionalInteger(0, Number.MAX_SAFE_INTEGER) ??
      null,
  };
}

/** The pod that an object is, if it is one. */
export function podOf(object: Field): DumpedPod | undefined {
  if (object.isAbsent || object.member("kind").value !== "Pod") return undefined;
  const metadata = object.member("metadata");
  const place = { namespace: metadata.member("namespace").optionalText(), uid: null };
  const name = metadata.member("name").filledText();
  const identity = { apiVersion: "v1", kind: "Pod", name, ...place, resourceVersion: "" };
  return readPod(object, identity);
}

/** Reads an endpoint of Calico as the pod that it is the network of. */
export function readWorkloadEndpoint(object: Field, identity: ObjectIdentity): DumpedPod {
  const metadata = object.member("metadata");
  const spec = object.member("spec");
  // In Calico v1 the workload was `namespace.pod`.
  const [v1Namespace = "", v1Pod = ""] = splitAtDot(metadata.member("workload").optionalText());
  const isV1 = identity.apiVersion === "v1";
  const networks = spec.member("ipNetworks").optionalList();
  const name = spec.member("pod").optionalText() || spec.member("workload").optionalText();
  return {
    namespace: isV1 ? v1Namespace : identity.namespace,
    name: isV1 ? v1Pod : name || identity.name,
    nodeName: (isV1 ? metadata : spec).member("node").optionalText(),
    hostNetwork: false,
    isFinished: false,
    addresses: networks.map((network) => network.address()),
    owner: null,
    createdMs: readTime(metadata.member("creationTimestamp")),
    finishedMs: null,
    graceSeconds: null,
  };
}

function splitAtDot(text: string): string[] {
  const dot = text.indexOf(".");
  return dot < 0 ? ["", text] : [text.slice(0, dot), text.slice(dot + 1)];
}
