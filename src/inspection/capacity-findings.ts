import type { ClusterDump, StoredBlock } from "../formats/cluster/cluster-dump.js";
import { addressBits } from "../model/address.js";
import { Cidr } from "../model/cidr.js";
import type { UsablePool } from "../model/pool.js";
import { ReservedAddresses } from "../model/reservation.js";
import { parseSelector, Selector } from "../model/selector.js";
import type { AddressCheck } from "./address-check.js";
import { contentText, removal } from "./block-removal.js";
import { type Finding, findingOf, type FindingItem, nameSome } from "./finding.js";
import { poolsOf } from "./utilization.js";

/** Largest number of blocks of a pool that are looked at one by one for reservations. */
const BLOCKS_WALKED_MAX = 2 ** 16;

const DISABLE_STRICT_AFFINITY = "calicoctl ipam configure --strictaffinity=false";

/** A pool with the blocks in it and the nodes that may use it. */
interface PoolState {
  readonly pool: UsablePool;
  readonly blocks: readonly StoredBlock[];
  /** Names of nodes that the pool selects. */
  readonly nodes: ReadonlySet<string>;
}

function selectedNodes(dump: ClusterDump, pool: UsablePool): Set<string> {
  const selector = parseSelector(pool.nodeSelector);
  const isSelected = (labels: Readonly<Record<string, string>>) =>
    selector instanceof Selector && selector.evaluate(labels);
  return new Set(dump.nodes.filter(({ labels }) => isSelected(labels)).map(({ name }) => name));
}

function isInUse(pool: UsablePool): boolean {
  return !pool.disabled && !pool.beingDeleted && pool.allocatable;
}

function poolStates(dump: ClusterDump): PoolState[] {
  return poolsOf(dump).map((pool) => ({
    pool,
    blocks: dump.blocks.filter(({ value }) => pool.cidr.covers(value.cidr)),
    nodes: selectedNodes(dump, pool),
  }));
}

/** How many blocks nobody has claimed yet and a node may still claim. */
function unclaimedBlocks({ pool, blocks }: PoolState, reserved: ReservedAddresses): number {
  const bits = addressBits(pool.cidr.version);
  const blockSize = 2 ** (bits - pool.blockSize);
  const total = 2 ** (pool.blockSize - pool.cidr.prefix);
  const claimed = blocks.reduce((sum, { value }) => sum + Math.max(1, value.size / blockSize), 0);
  if (total > BLOCKS_WALKED_MAX || reserved.isEmpty) return Math.max(0, total - claimed);
  const taken = new Set(blocks.map(({ value }) => value.cidr.text));
  let unclaimed = 0;
  for (let i = 0; i < total; i++) {
    const cidr = Cidr.containing(pool.cidr.addressAt(i * blockSize), pool.blockSize);
    if (!taken.has(cidr.text) && !reserved.coversWhole(cidr)) unclaimed++;
  }
  return unclaimed;
}

function ownerOf({ value }: StoredBlock): string | undefined {
  return value.affinity?.type === "host" ? value.affinity.host : undefined;
}

/** Free addresses of a block: those that reservations keep back, and the rest. */
function freeOf({ value }: StoredBlock, reserved: ReservedAddresses) {
  let kept = 0;
  if (reserved.overlaps(value.cidr)) {
    for (const ordinal of value.unallocated) {
      if (reserved.has(value.cidr.addressAt(ordinal))) kept++;
    }
  }
  return { kept, usable: value.unallocated.length - kept };
}

/** Free addresses that no node which needs one can have. */
function unusableItem(
  state: PoolState,
  reserved: ReservedAddresses,
  isStrict: boolean,
): FindingItem[] {
  const { pool, blocks, nodes } = state;
  const freeByNode = new Map<string, number>();
  let free = 0;
  let kept = 0;
  let ofNobody = 0;
  for (const block of blocks) {
    const found = freeOf(block, reserved);
    free += found.kept + found.usable;
    kept += found.kept;
    const owner = ownerOf(block);
    if (owner !== undefined && nodes.has(owner)) {
      freeByNode.set(owner, (freeByNode.get(owner) ?? 0) + found.usable);
    } else {
      ofNobody += found.usable;
    }
  }
  const needy =
    unclaimedBlocks(state, reserved) === 0
      ? [...nodes].filter((node) => (freeByNode.get(node) ?? 0) === 0)
      : [];
  const ofOthers = [...freeByNode.values()].reduce((sum, count) => sum + count, 0);
  const parts: string[] = [];
  if (kept > 0) parts.push(`${kept} reserved`);
  if (isStrict && ofNobody > 0) {
    parts.push(`${ofNobody} in blocks whose owner is gone or not selected by the pool`);
  }
  const isDenied = isStrict && needy.length > 0 && ofOthers > 0;
  if (isDenied) {
    parts.push(`${ofOthers} in blocks of other nodes than ${nameSome(needy)}, with none left`);
  }
  if (parts.length === 0) return [];
  const detail = `${free} addresses free in its blocks, of which: ${parts.join("; ")}`;
  const fix = [
    ...(kept > 0 ? ["kubectl get ipreservations.crd.projectcalico.org -o yaml"] : []),
    ...(isStrict && (ofNobody > 0 || isDenied) ? [DISABLE_STRICT_AFFINITY] : []),
  ];
  return [{ subject: pool.name, detail, fix }];
}

function exhaustedItem(
  state: PoolState,
  reserved: ReservedAddresses,
  isStrict: boolean,
): FindingItem[] {
  const { pool, blocks, nodes } = state;
  if (blocks.length === 0 || unclaimedBlocks(state, reserved) > 0) return [];
  const owners = new Set(blocks.map(ownerOf));
  const without = [...nodes].filter((node) => !owners.has(node));
  const consequence = isStrict ? "they get no address from it" : "they can only borrow";
  const nodesText =
    without.length === 0
      ? "each selected node owns one; the next new node will not"
      : `${without.length} of ${nodes.size} selected nodes own none (${nameSome(without)}): ${consequence}`;
  const detail = `all ${blocks.length} blocks of /${pool.blockSize} claimed; ${nodesText}`;
  return [{ subject: pool.name, detail, fix: [`calicoctl ipam show --show-blocks`] }];
}

/** A block whose owner may not use it any more. */
function strandedItems(
  states: readonly PoolState[],
  dump: ClusterDump,
  check: AddressCheck,
): FindingItem[] {
  const existing = new Set(dump.nodes.map(({ name }) => name));
  return dump.blocks.flatMap((block): FindingItem[] => {
    const owner = ownerOf(block);
    if (owner === undefined || !existing.has(owner)) return [];
    const around = states.filter(({ pool }) => pool.cidr.overlaps(block.value.cidr));
    if (around.length === 0) return [];
    if (around.some(({ pool, nodes }) => isInUse(pool) && nodes.has(owner))) return [];
    const { pool } = around[0]!;
    const why = isInUse(pool) ? "does not select the node" : "is disabled";
    const detail = `node ${owner}; pool ${pool.name} ${why}; ${contentText(block)}`;
    return [{ subject: block.value.cidr.text, detail, fix: removal(block, check) }];
  });
}

/** What free space cannot be used, and where it ends. Takes a dump with blocks, pools and nodes. */
export function capacityFindings(dump: ClusterDump, check: AddressCheck): Finding[] {
  const read = ReservedAddresses.read(dump.reservations.map(({ value }) => value));
  const reserved = read instanceof ReservedAddresses ? read : ReservedAddresses.none;
  const isStrict = dump.config?.value.strictAffinity ?? false;
  const states = poolStates(dump);
  const inUse = states.filter(({ pool }) => isInUse(pool));
  return [
    ...findingOf(
      "pool-without-free-block",
      "note",
      "pools without a block left to claim: add a pool, or free idle blocks",
      inUse.flatMap((state) => exhaustedItem(state, reserved, isStrict)),
    ),
    ...findingOf(
      "address-unusable",
      "note",
      "pools with free addresses that no node in need can have",
      inUse.flatMap((state) => unusableItem(state, reserved, isStrict)),
    ),
    ...findingOf(
      "block-stranded",
      "note",
      "blocks that their owner may not use any more: it takes nothing new from them",
      strandedItems(states, dump, check),
    ),
  ];
}
