import type { MemoryDatastore } from "../datastore/memory.js";
import type { ClusterDump, DumpedPod, StoredBlock } from "../formats/cluster/cluster-dump.js";
import { type Workload, workloadOf } from "../formats/cluster/workload.js";
import type { AddressNumber } from "../model/address.js";
import type { Cidr } from "../model/cidr.js";

/** A pod that holds addresses when the state is loaded. */
export interface LoadedPod {
  readonly namespace: string;
  readonly name: string;
  /** Node on which it runs. */
  readonly node: string;
  /** Null when its addresses were assigned without a handle. */
  readonly handle: string | null;
  /** Whether releasing the handle frees what this pod holds, and nothing that others hold. */
  readonly hasOwnHandle: boolean;
  readonly addresses: readonly AddressNumber[];
  /** By address, the block that it is in. */
  readonly blocks: readonly Cidr[];
  /** The workload that it belongs to, see `workloadOf`. */
  readonly workload: Workload;
}

/** What a datastore was loaded with. */
export interface LoadedCluster {
  readonly blocks: number;
  /** Allocated addresses, each counted once. */
  readonly allocated: number;
  /** In order of their first address in the blocks. No address is in two of them. */
  readonly pods: readonly LoadedPod[];
  /** Allocated addresses that no pod holds: tunnels, leaks, load balancers. Without those of pods. */
  readonly otherAddresses: readonly AddressNumber[];
  /**
   * Cidr texts of blocks that contradict themselves or lie inside another block. A simulation that
   * starts from them must not hold that against the model.
   */
  readonly inconsistentBlocks: ReadonlySet<string>;
  /** What of the dump the model does not hold, in words. */
  readonly leftOut: readonly string[];
}

/** Blocks that lie inside another one, or hold another one. */
function overlapping(blocks: readonly StoredBlock[]): string[] {
  const found: string[] = [];
  const cidrs = blocks.map(({ value }) => value.cidr);
  cidrs.sort((a, b) => {
    if (a.version !== b.version) return a.version - b.version;
    if (a.base !== b.base) return a.base < b.base ? -1 : 1;
    return a.prefix - b.prefix;
  });
  let outer: (typeof cidrs)[number] | undefined;
  for (const cidr of cidrs) {
    if (outer?.covers(cidr) === true) found.push(outer.text, cidr.text);
    else outer = cidr;
  }
  return found;
}

/** Whether this pod may hold this address; one that starts has none in its status yet. */
function mayHold(pod: DumpedPod, address: AddressNumber): boolean {
  if (pod.isFinished || pod.hostNetwork) return false;
  return pod.addresses.length === 0 || pod.addresses.includes(address);
}

interface PodInMaking extends Omit<LoadedPod, "addresses" | "blocks" | "hasOwnHandle"> {
  readonly addresses: AddressNumber[];
  readonly blocks: Cidr[];
}

/** Finds out which addresses of the blocks are held by which pods. */
function findHolders(
  dump: ClusterDump,
): Pick<LoadedCluster, "pods" | "otherAddresses" | "allocated"> {
  // Without pods in the dump, whoever an allocation names is taken to be there.
  const known = dump.kinds.has("Pod")
    ? new Map(dump.pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod]))
    : undefined;
  // An old or foreign plugin notes no pod with an address; then the pod tells its address.
  const byAddress = new Map<AddressNumber, DumpedPod>();
  for (const pod of dump.pods) {
    if (pod.hostNetwork || pod.isFinished) continue;
    for (const address of pod.addresses) byAddress.set(address, pod);
  }
  const pods = new Map<string, PodInMaking>();
  const otherAddresses: AddressNumber[] = [];
  const seen = new Set<AddressNumber>();
  /** By handle, how many pods have it; of what is not a pod's, each address counts. */
  const sharers = new Map<string, number>();
  const share = (handle: string | null) => {
    if (handle !== null) sharers.set(handle, (sharers.get(handle) ?? 0) + 1);
  };
  for (const { value: block } of dump.blocks) {
    for (let ordinal = 0; ordinal < block.size; ordinal++) {
      const attribute = block.attributeOf(ordinal);
      if (attribute === undefined) continue;
      const address = block.cidr.addressAt(ordinal);
      if (seen.has(address)) {
        share(attribute.handle);
        continue;
      }
      seen.add(address);
      const facts = attribute.secondary ?? {};
      const user = facts["pod"] === undefined ? byAddress.get(address) : undefined;
      const name = facts["pod"] ?? user?.name;
      const namespace = user?.namespace ?? facts["namespace"] ?? "";
      const pod = known?.get(`${namespace}/${name}`);
      if (name === undefined || (known !== undefined && !(pod && mayHold(pod, address)))) {
        otherAddresses.push(address);
        share(attribute.handle);
        continue;
      }
      const { handle } = attribute;
      const key = `${namespace}/${name}/${handle ?? ""}`;
      const node = pod?.nodeName || facts["node"] || block.affinity?.host || "";
      let held = pods.get(key);
      if (held === undefined) {
        share(handle);
        const workload = workloadOf(name, pod?.owner ?? null);
        held = { namespace, name, node, handle, addresses: [], blocks: [], workload };
        pods.set(key, held);
      }
      held.addresses.push(address);
      held.blocks.push(block.cidr);
    }
  }
  const isOwn = (handle: string | null) => handle !== null && sharers.get(handle) === 1;
  return {
    pods: [...pods.values()].map((pod) => ({ ...pod, hasOwnHandle: isOwn(pod.handle) })),
    otherAddresses,
    allocated: seen.size,
  };
}

function counted(count: number, what: string): string[] {
  if (count === 0) return [];
  return [count === 1 ? `1 ${what}` : `${count} times: ${what}`];
}

/**
 * Puts the blocks (with the order of their free ordinals, attributes and sequence numbers), affinities
 * and handles of a dump into a datastore: what pods and nodes have claimed. Pools, configuration,
 * reservations and nodes are for `loadCluster`.
 */
export function loadClaims(dump: ClusterDump, datastore: MemoryDatastore): LoadedCluster {
  // Objects on their way out are gone for good with the next read.
  const isStaying = ({ isDeleted }: { readonly isDeleted: boolean }) => !isDeleted;
  const blocks = dump.blocks.filter(isStaying);
  const affinities = dump.affinities.filter(isStaying);
  const handles = dump.handles.filter(isStaying);
  for (const { value } of blocks) datastore.setBlock(value);
  for (const { value } of affinities) datastore.setAffinity(value);
  for (const { value } of handles) datastore.setHandle(value);
  const torn = blocks.filter(
    ({ lostOrdinals, contestedOrdinals }) => lostOrdinals.length + contestedOrdinals.length > 0,
  );
  const alternates = blocks.reduce((sum, { alternateOwners }) => sum + alternateOwners.size, 0);
  return {
    ...findHolders({ ...dump, blocks }),
    blocks: blocks.length,
    inconsistentBlocks: new Set([
      ...torn.map(({ value }) => value.cidr.text),
      ...overlapping(blocks),
    ]),
    leftOut: [
      ...counted(dump.blocks.length - blocks.length, "block object being deleted"),
      ...counted(dump.affinities.length - affinities.length, "affinity object being deleted"),
      ...counted(dump.handles.length - handles.length, "handle object being deleted"),
      ...counted(alternates, "second owner of an address (live migration)"),
    ],
  };
}

/** Puts everything that IPAM knows of a cluster into a datastore. */
export function loadCluster(dump: ClusterDump, datastore: MemoryDatastore): LoadedCluster {
  for (const { value } of dump.pools) datastore.setPool(value);
  for (const { value } of dump.reservations) datastore.setReservation(value);
  for (const { name, labels } of dump.nodes) datastore.setNode({ name, labels });
  if (dump.config !== undefined) datastore.setConfig(dump.config.value);
  return loadClaims(dump, datastore);
}
