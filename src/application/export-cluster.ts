import { createHash } from "node:crypto";
import { dumpCluster, storedFieldsOf } from "../cluster-state/dump-cluster.js";
import type { MemoryDatastore } from "../datastore/memory.js";
import type { ClusterDump, DumpedNode, DumpedPod } from "../formats/cluster/cluster-dump.js";
import { etcdPairs, kubernetesText } from "../formats/cluster/write-cluster-dump.js";
import type { AddressNumber } from "../model/address.js";
import { findProfile } from "../releases/profiles.js";

/** A pod that is to have a network and has none yet. */
export interface StartingPod {
  readonly namespace: string;
  readonly name: string;
  /** Node that it is bound to. */
  readonly node: string;
}

/** A cluster at the end of a run. */
export interface FinalState {
  readonly datastore: MemoryDatastore;
  /** Addresses of pods that run. */
  readonly podAddresses: Iterable<AddressNumber>;
  readonly startingPods: Iterable<StartingPod>;
  /** The nodes and pods of the dump that the run started from; empty without one. */
  readonly initial: Pick<ClusterDump, "nodes" | "pods">;
  /** Name of the release's profile. */
  readonly release: string;
}

export interface ExportOptions {
  /** kubernetes: a list as kubectl prints it; etcd: keys and values as etcdctl prints them. */
  readonly format: "kubernetes" | "etcd";
  /** all: nodes and pods too; ipam: what belongs to Calico alone. */
  readonly objects: "all" | "ipam";
}

/** Calico's release behind a profile that models a write-up. */
const WRITE_UP_RELEASE = "v3.28.4";

function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

interface PodInMaking extends DumpedPod {
  readonly addresses: AddressNumber[];
}

/** A pod without addresses so far; with what is known of it from the beginning. */
function podOf({ namespace, name, node }: StartingPod, before: DumpedPod | undefined): PodInMaking {
  return {
    namespace,
    name,
    nodeName: before?.nodeName ?? node,
    hostNetwork: false,
    isFinished: false,
    addresses: [],
    owner: before?.owner ?? null,
    createdMs: before?.createdMs ?? null,
    finishedMs: null,
    graceSeconds: before?.graceSeconds ?? null,
  };
}

/** The pods that run, by what is stored with their addresses, and those that start. */
function podsOf({ datastore, podAddresses, startingPods, initial }: FinalState): DumpedPod[] {
  const known = new Map(initial.pods.map((pod) => [keyOf(pod.namespace, pod.name), pod]));
  // Of an address without a note of its pod, the dump's pod told that it has it.
  const byAddress = new Map(
    initial.pods.flatMap((pod) => pod.addresses.map((address) => [address, pod] as const)),
  );
  const held = new Set(podAddresses);
  const pods = new Map<string, PodInMaking>();
  for (const { value: block } of datastore.listBlocks()) {
    for (let ordinal = 0; ordinal < block.size; ordinal++) {
      const address = block.cidr.addressAt(ordinal);
      if (!held.has(address)) continue;
      const facts = block.attributeOf(ordinal)?.secondary ?? {};
      const user = facts["pod"] === undefined ? byAddress.get(address) : undefined;
      const name = facts["pod"] ?? user?.name;
      if (name === undefined) continue;
      const namespace = user?.namespace ?? facts["namespace"] ?? "";
      const key = keyOf(namespace, name);
      const node = facts["node"] ?? "";
      const pod = pods.get(key) ?? podOf({ namespace, name, node }, known.get(key));
      pod.addresses.push(address);
      pods.set(key, pod);
    }
  }
  for (const starting of startingPods) {
    const key = keyOf(starting.namespace, starting.name);
    if (!pods.has(key)) pods.set(key, podOf(starting, known.get(key)));
  }
  return [...pods.values()];
}

function finalNodes(nodes: readonly DumpedNode[], { initial }: FinalState): DumpedNode[] {
  const before = new Map(initial.nodes.map((node) => [node.name, node]));
  return nodes.map((node) => ({
    ...node,
    tunnels: node.tunnels.length > 0 ? node.tunnels : (before.get(node.name)?.tunnels ?? []),
    maxPods: before.get(node.name)?.maxPods ?? null,
  }));
}

/** The end of a run as a dump of a cluster. */
function finalDump(state: FinalState, objects: ExportOptions["objects"]): ClusterDump {
  const withPods = objects === "all";
  const pods = withPods ? podsOf(state) : null;
  const dump = dumpCluster(state.datastore, pods);
  const profile = findProfile(state.release);
  const calicoVersion = profile?.basis === "Calico's code" ? profile.name : WRITE_UP_RELEASE;
  return {
    ...dump,
    nodes: withPods ? finalNodes(dump.nodes, state) : [],
    clusterInformation: {
      guid: createHash("sha256").update(calicoVersion).digest("hex").slice(0, 32),
      type: "ipamlab",
      resourceVersion: "",
      isDatastoreLocked: false,
      calicoVersion,
    },
  };
}

/** The end of a run as text, piece by piece, with the fields that the release's schemas know. */
export function* exportText(state: FinalState, options: ExportOptions): Generator<string> {
  const dump = finalDump(state, options.objects);
  const fields = storedFieldsOf(findProfile(state.release)!.behaviours);
  if (options.format === "kubernetes") {
    yield* kubernetesText(dump, fields);
    return;
  }
  for (const { key, value } of etcdPairs(dump, fields)) yield `${key}\n${value}\n`;
}
