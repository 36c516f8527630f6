import type {
  ClusterDump,
  DumpedPod,
  StoredBlock,
  Stored,
} from "../formats/cluster/cluster-dump.js";
import { type AddressNumber, formatAddress } from "../model/address.js";
import type { Attribute } from "../model/attribute.js";
import { WINDOWS_RESERVED_HANDLE } from "../model/block.js";
import type { Handle } from "../model/handle.js";

/** An address that a block says is allocated. */
export interface Allocation {
  readonly address: string;
  readonly block: StoredBlock;
  readonly attribute: Attribute;
  /** 0 when the block stores none. */
  readonly sequenceNumber: bigint;
  /** Where the address is used, by its attributes, else by the block's owner; may be empty. */
  readonly node: string;
  /** The node is not the block's owner. */
  readonly isBorrowed: boolean;
  /** Windows keeps this address for itself. */
  readonly isWindowsReserved: boolean;
  /** Names of those that use it, in the order in which they were found. */
  readonly owners: readonly string[];
}

/** Somebody who uses an address. */
export interface AddressUse {
  readonly address: string;
  readonly number: AddressNumber;
  /** As calicoctl calls it: `Workload(shop/worker--1-k8s-app--1-eth0)`, `Node(worker-1)`. */
  readonly owner: string;
  readonly pod: DumpedPod | null;
}

/** Blocks, pods, nodes and handles held against each other. */
export interface AddressCheck {
  /** By block, in order; all blocks are there. */
  readonly allocationsByBlock: ReadonlyMap<StoredBlock, readonly Allocation[]>;
  /** By address; overlapping blocks may allocate one twice. */
  readonly allocations: ReadonlyMap<string, readonly Allocation[]>;
  readonly nodeUses: readonly AddressUse[];
  readonly workloadUses: readonly AddressUse[];
  /** Users by address: Windows, then nodes, then pods. */
  readonly users: ReadonlyMap<string, readonly string[]>;
  /** Cidrs of the enabled pools, in order of name. */
  readonly activePools: readonly string[];
  /** Allocated, but used by nobody. */
  readonly leaked: readonly string[];
  /** Used by somebody, and in no enabled pool and no block. */
  readonly outsidePools: readonly AddressUse[];
  /** Used by somebody and in an enabled pool, but not allocated. */
  readonly unallocated: readonly AddressUse[];
  /** Used by more than one. */
  readonly shared: readonly string[];
  /** Handle objects that no block mentions. */
  readonly leakedHandles: readonly Stored<Handle>[];
  readonly matchedHandleCount: number;
  /** Handles that blocks mention and that have no object. */
  readonly missingHandles: readonly string[];
  /** What calicoctl counts as problems. Missing handles are not among them. */
  readonly problemCount: number;
}

const WINDOWS_USER = "Reserved for Windows";

/** Tunnels that `calicoctl ipam check` of v3.28.4 looks at. */
const CHECKED_TUNNELS: readonly string[] = ["vxlan", "wireguard", "ipip"];

/** Name of a pod's workload endpoint; dashes inside its parts are doubled. */
function workloadName(pod: DumpedPod): string {
  const escape = (part: string) => part.replaceAll("-", "--");
  return `${escape(pod.nodeName)}-k8s-${escape(pod.name)}-eth0`;
}

/** The pods that have a workload endpoint, in the order in which Calico lists these. */
function workloadUsesOf(dump: ClusterDump): AddressUse[] {
  const workloads = dump.pods
    .filter((pod) => !pod.hostNetwork && pod.nodeName !== "" && !pod.isFinished)
    .map((pod) => ({ pod, key: `${pod.namespace}/${workloadName(pod)}` }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  return workloads.flatMap(({ pod, key }) =>
    pod.addresses.map((number) => {
      return { address: formatAddress(number), number, owner: `Workload(${key})`, pod };
    }),
  );
}

function nodeUsesOf(dump: ClusterDump): AddressUse[] {
  return dump.nodes.flatMap((node) =>
    node.tunnels
      .filter(({ use }) => CHECKED_TUNNELS.includes(use))
      .map(({ address: number }) => {
        return { address: formatAddress(number), number, owner: `Node(${node.name})`, pod: null };
      }),
  );
}

/** Adds to the list under this key. */
export function addTo<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

function allocationsOf(stored: StoredBlock): (Allocation & { owners: string[] })[] {
  const { value: block } = stored;
  const owner = block.affinity?.type === "host" ? block.affinity.host : "";
  const found: (Allocation & { owners: string[] })[] = [];
  for (let ordinal = 0; ordinal < block.size; ordinal++) {
    const attribute = block.attributeOf(ordinal);
    if (attribute === undefined) continue;
    const node = attribute.secondary?.["node"] || owner;
    found.push({
      address: formatAddress(block.cidr.addressAt(ordinal)),
      block: stored,
      attribute,
      sequenceNumber: block.sequenceNumberOf(ordinal) ?? 0n,
      node,
      isBorrowed: node !== owner,
      isWindowsReserved: attribute.handle === WINDOWS_RESERVED_HANDLE,
      owners: [],
    });
  }
  return found;
}

/**
 * Holds what is allocated against what is used, and handles against blocks, by the rules of
 * `calicoctl ipam check` (`calicoctl/calicoctl/commands/ipam/check.go@v3.28.4`).
 */
export function checkAddresses(dump: ClusterDump): AddressCheck {
  const allocationsByBlock = new Map<StoredBlock, (Allocation & { owners: string[] })[]>();
  const allocations = new Map<string, (Allocation & { owners: string[] })[]>();
  const users = new Map<string, string[]>();
  const usedHandles = new Set<string>();
  for (const block of dump.blocks) {
    const found = allocationsOf(block);
    allocationsByBlock.set(block, found);
    for (const allocation of found) {
      if (allocation.isWindowsReserved) addTo(users, allocation.address, WINDOWS_USER);
      else if (allocation.attribute.handle !== null) usedHandles.add(allocation.attribute.handle);
      addTo(allocations, allocation.address, allocation);
    }
  }
  const nodeUses = nodeUsesOf(dump);
  const workloadUses = workloadUsesOf(dump);
  const useByAddress = new Map<string, AddressUse[]>();
  for (const use of [...nodeUses, ...workloadUses]) {
    addTo(users, use.address, use.owner);
    addTo(useByAddress, use.address, use);
    for (const allocation of allocations.get(use.address) ?? []) allocation.owners.push(use.owner);
  }
  const pools = dump.pools.map(({ value }) => value).filter((pool) => !pool.disabled);
  const strays = [...useByAddress.values()].filter(([use]) => !allocations.has(use!.address));
  const isInPool = (use: AddressUse) => pools.some(({ cidr }) => cidr?.contains(use.number));
  const inside = strays.filter(([use]) => isInPool(use!));
  const outside = strays.filter(([use]) => !isInPool(use!));
  const leaked = [...allocations.keys()].filter((address) => !users.has(address));
  const handleIds = new Set(dump.handles.map(({ value }) => value.id));
  const leakedHandles = dump.handles.filter(({ value }) => !usedHandles.has(value.id));
  return {
    allocationsByBlock,
    allocations,
    nodeUses,
    workloadUses,
    users,
    activePools: pools.map(({ cidr }) => cidr!.text),
    leaked,
    outsidePools: outside.flat(),
    unallocated: inside.flat(),
    shared: [...users].filter(([, names]) => names.length > 1).map(([address]) => address),
    leakedHandles,
    matchedHandleCount: dump.handles.length - leakedHandles.length,
    missingHandles: [...usedHandles].filter((id) => !handleIds.has(id)),
    problemCount: leaked.length + inside.length + outside.length + leakedHandles.length,
  };
}
