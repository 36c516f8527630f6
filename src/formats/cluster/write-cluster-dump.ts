import { formatAddress } from "../../model/address.js";
import { affinityText } from "../../model/affinity.js";
import { partsOf } from "../../model/block-parts.js";
import type { Cidr } from "../../model/cidr.js";
import type { Handle } from "../../model/handle.js";
import type { IpamConfig } from "../../model/ipam-config.js";
import type { Pool } from "../../model/pool.js";
import { type ExactJson, exactJson } from "../exact-json.js";
import type {
  ClusterDump,
  ClusterInformation,
  DumpedNode,
  DumpedPod,
  StoredAffinity,
  StoredBlock,
  TunnelAddress,
} from "./cluster-dump.js";
import { TUNNEL_ANNOTATIONS } from "./kubernetes-objects.js";
import { affinityLabels, affinityName, blockName, handleName } from "./object-names.js";

/**
 * Fields that a release stores and older ones do not know. Kubernetes refuses or drops fields that the
 * cluster's schema lacks (`libcalico-go/config/crd@v3.28.4` to `@v3.32.0`).
 */
export interface StoredFields {
  /** From v3.30.0: an affinity's type, and a pool's assignment mode. */
  readonly affinityType: boolean;
  readonly assignmentMode: boolean;
  /** From v3.31.0: the labels by which the affinities of a host are listed. */
  readonly affinityLabels: boolean;
  readonly namespaceSelector: boolean;
  /** From v3.32.0: when a block was claimed. */
  readonly claimTime: boolean;
  readonly kubeVirtConfig: boolean;
}

/** Everything that is known, for readers that know it all. */
export const ALL_FIELDS: StoredFields = {
  affinityType: true,
  assignmentMode: true,
  affinityLabels: true,
  namespaceSelector: true,
  claimTime: true,
  kubeVirtConfig: true,
};

const CALICO = "crd.projectcalico.org/v1";

type JsonObject = Readonly<Record<string, ExactJson>>;

function crd(kind: string, name: string, spec: JsonObject, labels?: JsonObject): JsonObject {
  return { apiVersion: CALICO, kind, metadata: { name, labels }, spec };
}

function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

/** Members of a block that both datastores write alike. */
function blockMembers({ value: block, isDeleted }: StoredBlock): JsonObject {
  const parts = partsOf(block);
  return {
    cidr: parts.cidr.text,
    affinity: parts.affinity === null ? undefined : affinityText(parts.affinity),
    allocations: parts.allocations,
    unallocated: parts.unallocated,
    attributes: parts.attributes.map(({ handle, secondary }) => {
      return { handle_id: handle ?? undefined, secondary: secondary ?? undefined };
    }),
    sequenceNumber: parts.sequenceNumber,
    sequenceNumberForAllocation: Object.fromEntries(parts.allocationSequenceNumbers),
    deleted: isDeleted,
  };
}

function blockSpec(stored: StoredBlock, fields: StoredFields): JsonObject {
  const claimed = stored.value.claimTimeSeconds;
  return {
    ...blockMembers(stored),
    // Required by the schema, and without meaning.
    strictAffinity: false,
    affinityClaimTime: fields.claimTime && claimed !== null ? timeText(claimed) : undefined,
  };
}

function handleBlocks({ blocks }: Handle): JsonObject {
  return Object.fromEntries(blocks.map(({ cidr, count }) => [cidr.text, count]));
}

function affinityObject({ value, isDeleted }: StoredAffinity, fields: StoredFields): JsonObject {
  const { host, type, cidr, state } = value;
  const spec = {
    state,
    node: host,
    cidr: cidr.text,
    deleted: String(isDeleted),
    type: fields.affinityType && type !== "" ? type : undefined,
  };
  const labels = fields.affinityLabels ? affinityLabels(value, cidr) : undefined;
  return crd("BlockAffinity", affinityName(host, cidr), spec, labels);
}

function poolSpec(pool: Pool, fields: StoredFields): JsonObject {
  return {
    cidr: pool.cidr?.text,
    blockSize: pool.blockSize,
    nodeSelector: pool.nodeSelector,
    disabled: pool.disabled ? true : undefined,
    ipipMode: pool.ipipMode,
    vxlanMode: pool.vxlanMode,
    allowedUses: pool.allowedUses,
    assignmentMode: fields.assignmentMode ? pool.assignmentMode : undefined,
    namespaceSelector:
      fields.namespaceSelector && pool.namespaceSelector !== ""
        ? pool.namespaceSelector
        : undefined,
  };
}

function configSpec(config: IpamConfig, fields: StoredFields): JsonObject {
  return {
    strictAffinity: config.strictAffinity,
    autoAllocateBlocks: config.autoAllocateBlocks,
    maxBlocksPerHost: config.maxBlocksPerHost,
    kubeVirtVMAddressPersistence: fields.kubeVirtConfig
      ? config.kubeVirtVmAddressPersistence
      : undefined,
  };
}

function informationSpec(information: ClusterInformation): JsonObject {
  const { guid, type, calicoVersion, isDatastoreLocked } = information;
  return {
    clusterGUID: guid,
    clusterType: type,
    calicoVersion,
    datastoreReady: !isDatastoreLocked,
  };
}

function nodeObject({ name, labels, tunnels, maxPods, seenMs }: DumpedNode): JsonObject {
  const annotations = Object.fromEntries(
    tunnels.map(({ use, address }) => {
      const annotation = TUNNEL_ANNOTATIONS.find(([other]) => other === use)![1];
      return [annotation, formatAddress(address)];
    }),
  );
  const seen = seenMs === null ? undefined : timeText(Math.floor(seenMs / 1000));
  const status = {
    allocatable: maxPods === null ? undefined : { pods: String(maxPods) },
    conditions: seen === undefined ? undefined : [{ type: "Ready", lastHeartbeatTime: seen }],
  };
  return { apiVersion: "v1", kind: "Node", metadata: { name, labels, annotations }, status };
}

function podObject(pod: DumpedPod): JsonObject {
  const addresses = pod.addresses.map(formatAddress);
  const { owner, createdMs, finishedMs } = pod;
  const finished = finishedMs === null ? undefined : timeText(Math.floor(finishedMs / 1000));
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: pod.name,
      namespace: pod.namespace,
      creationTimestamp: createdMs === null ? undefined : timeText(Math.floor(createdMs / 1000)),
      ownerReferences: owner === null ? undefined : [{ ...owner, controller: true }],
    },
    spec: {
      nodeName: pod.nodeName === "" ? undefined : pod.nodeName,
      hostNetwork: pod.hostNetwork ? true : undefined,
      terminationGracePeriodSeconds: pod.graceSeconds ?? undefined,
    },
    status: {
      phase: pod.isFinished ? "Succeeded" : addresses.length > 0 ? "Running" : "Pending",
      podIP: addresses[0],
      podIPs: addresses.length > 0 ? addresses.map((ip) => ({ ip })) : undefined,
      containerStatuses:
        finished === undefined ? undefined : [{ state: { terminated: { finishedAt: finished } } }],
    },
  };
}

/** The objects of a cluster as Kubernetes stores them, in `crd.projectcalico.org/v1`. */
function* kubernetesObjects(dump: ClusterDump, fields: StoredFields): Generator<JsonObject> {
  for (const { value, object } of dump.pools)
    yield crd("IPPool", object.name, poolSpec(value, fields));
  for (const { value, object } of dump.reservations) {
    yield crd("IPReservation", object.name, { reservedCIDRs: value.cidrs });
  }
  if (dump.config !== undefined) {
    yield crd("IPAMConfig", "default", configSpec(dump.config.value, fields));
  }
  if (dump.clusterInformation !== undefined) {
    yield crd("ClusterInformation", "default", informationSpec(dump.clusterInformation));
  }
  for (const node of dump.nodes) yield nodeObject(node);
  for (const stored of dump.blocks) {
    yield crd("IPAMBlock", blockName(stored.value.cidr), blockSpec(stored, fields));
  }
  for (const affinity of dump.affinities) yield affinityObject(affinity, fields);
  for (const { value, isDeleted } of dump.handles) {
    const spec = { handleID: value.id, block: handleBlocks(value), deleted: isDeleted };
    yield crd("IPAMHandle", handleName(value.id), spec);
  }
  for (const pod of dump.pods) yield podObject(pod);
}

/**
 * A cluster as `kubectl get … -o json` prints it: a list of objects, piece by piece, each a line or
 * more of text. Kinds that the dump does not speak of are not there, others are, be it without objects.
 */
export function* kubernetesText(dump: ClusterDump, fields: StoredFields): Generator<string> {
  yield `{\n"apiVersion": "v1",\n"kind": "List",\n"items": [\n`;
  let separator = "";
  for (const object of kubernetesObjects(dump, fields)) {
    yield separator + exactJson(object, "lines");
    separator = ",\n";
  }
  yield `\n]\n}\n`;
}

/** A key of etcd with its value. */
export interface EtcdPair {
  readonly key: string;
  /** JSON on one line. */
  readonly value: string;
}

function etcdCidr(cidr: Cidr): string {
  return cidr.text.replace("/", "-");
}

function resource(plural: string, name: string): string {
  return `/calico/resources/v3/projectcalico.org/${plural}/${name}`;
}

/** Where a Calico node (not a Kubernetes one) keeps its tunnel addresses. */
function calicoNodeSpec(tunnels: DumpedNode["tunnels"]): JsonObject {
  const of = (use: TunnelAddress["use"]) => {
    const tunnel = tunnels.find((other) => other.use === use);
    return tunnel && formatAddress(tunnel.address);
  };
  const [ipip, wireguard, wireguardV6] = [of("ipip"), of("wireguard"), of("wireguard-v6")];
  return {
    bgp: ipip === undefined ? undefined : { ipv4IPIPTunnelAddr: ipip },
    ipv4VXLANTunnelAddr: of("vxlan"),
    ipv6VXLANTunnelAddr: of("vxlan-v6"),
    wireguard:
      wireguard === undefined && wireguardV6 === undefined
        ? undefined
        : { interfaceIPv4Address: wireguard, interfaceIPv6Address: wireguardV6 },
  };
}

function* etcdValues(
  dump: ClusterDump,
  fields: StoredFields,
): Generator<readonly [key: string, value: JsonObject]> {
  for (const { value, isDeleted } of dump.affinities) {
    const { host, type, cidr, state } = value;
    const key = `/calico/ipam/v2/${type === "" ? "host" : type}/${host}/ipv${cidr.version}/block/`;
    yield [key + etcdCidr(cidr), { state, deleted: isDeleted }];
  }
  for (const stored of dump.blocks) {
    const { cidr, affinity, claimTimeSeconds: claimed } = stored.value;
    const key = `/calico/ipam/v2/assignment/ipv${cidr.version}/block/${etcdCidr(cidr)}`;
    yield [
      key,
      {
        ...blockMembers(stored),
        affinity: affinity === null ? null : affinityText(affinity),
        affinity_claim_time: fields.claimTime && claimed !== null ? timeText(claimed) : undefined,
      },
    ];
  }
  for (const { value, isDeleted } of dump.handles) {
    const handle = { block: handleBlocks(value), deleted: isDeleted };
    yield [`/calico/ipam/v2/handle/${value.id}`, handle];
  }
  if (dump.config !== undefined) {
    const { strictAffinity, autoAllocateBlocks, maxBlocksPerHost, ...rest } = configSpec(
      dump.config.value,
      fields,
    );
    const value = {
      strict_affinity: strictAffinity,
      auto_allocate_blocks: autoAllocateBlocks,
      maxBlocksPerHost,
      ...rest,
    };
    yield ["/calico/ipam/v2/config", value];
  }
  const v3 = (kind: string, metadata: JsonObject, spec: JsonObject): JsonObject => {
    return { kind, apiVersion: "projectcalico.org/v3", metadata, spec };
  };
  for (const { value, object } of dump.pools) {
    const { name } = object;
    yield [resource("ippools", name), v3("IPPool", { name }, poolSpec(value, fields))];
  }
  for (const { value, object } of dump.reservations) {
    const { name } = object;
    const spec = { reservedCIDRs: value.cidrs };
    yield [resource("ipreservations", name), v3("IPReservation", { name }, spec)];
  }
  if (dump.clusterInformation !== undefined) {
    const metadata = { name: "default" };
    const spec = informationSpec(dump.clusterInformation);
    yield [resource("clusterinformations", "default"), v3("ClusterInformation", metadata, spec)];
  }
  for (const { name, labels, tunnels } of dump.nodes) {
    yield [resource("nodes", name), v3("Node", { name, labels }, calicoNodeSpec(tunnels))];
  }
}

/**
 * A cluster as keys and values of Calico's etcd datastore
 * (`libcalico-go/lib/backend/model/*.go@v3.28.4`). Pods are not among them: Kubernetes has those.
 */
export function* etcdPairs(dump: ClusterDump, fields: StoredFields): Generator<EtcdPair> {
  for (const [key, value] of etcdValues(dump, fields)) {
    yield { key, value: exactJson(value, "compact") };
  }
}
