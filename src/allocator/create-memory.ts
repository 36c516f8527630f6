import { Unsupported } from "../failure/failure.js";
import { addressBits, type IpVersion } from "../model/address.js";
import { BlockGeometry } from "../model/block-walk.js";
import type { IpamConfig } from "../model/ipam-config.js";
import type { Node } from "../model/node.js";
import type { UsablePool } from "../model/pool.js";
import { type Reservation, ReservedAddresses } from "../model/reservation.js";
import { parseSelector, SelectorSyntaxError } from "../model/selector.js";
import { BLOCK_BITS_MAX } from "./block-state.js";
import { BlockTable } from "./block-table.js";
import { AllocatorCore } from "./core.js";
import { HANDLE_BLOCKS_MAX } from "./handle-table.js";
import { BLOCK_SHIFT, BlockWord, layOut, NODE_SHIFT, NodeWord } from "./layout.js";
import { AllocatorMemory } from "./memory.js";

/** What the allocators work on, and for how many threads. */
export interface AllocatorWorld {
  /** The version whose addresses are assigned. */
  readonly version: IpVersion;
  /** Pools in name order; disabled ones and those of the other version are left out. */
  readonly pools: readonly UsablePool[];
  readonly nodes: readonly Node[];
  readonly reservations: readonly Reservation[];
  readonly config: IpamConfig;
  /** Handles are the numbers from 0 up to this. */
  readonly handleCount: number;
  /** Handle entries beyond the first of each handle: for handles with several blocks. */
  readonly overflowCount: number;
  readonly threadCount: number;
}

/** More than any machine runs at once; each takes 8 KiB of scratch words. */
const THREADS_MAX = 255;
/** A pool is one bit of a word. */
const POOLS_MAX = 31;

/** Most memory that a WebAssembly memory has. */
const SIZE_BYTES_MAX = 4 * 2 ** 30;
/** What it is counted in. */
const PAGE_BYTES = 65_536;

interface WorldPool {
  readonly pool: UsablePool;
  readonly geometry: BlockGeometry;
  readonly blockCount: number;
  readonly bits: number;
}

function worldPool(pool: UsablePool): WorldPool {
  const geometry = new BlockGeometry(pool.cidr, pool.blockSize);
  const bits = addressBits(pool.cidr.version) - pool.blockSize;
  const what = `pool ${pool.name} on threads`;
  if (pool.assignmentMode === "Manual") throw new Unsupported(`${what}: assignmentMode Manual`);
  if (pool.namespaceSelector !== "") throw new Unsupported(`${what}: a namespaceSelector`);
  if (pool.beingDeleted) throw new Unsupported(`${what}: it is being deleted`);
  if (geometry.hasSingleAddressBlocks) {
    throw new Unsupported(`${what}: blocks of one address, whose walk starts by the clock`);
  }
  if (bits > BLOCK_BITS_MAX) throw new Unsupported(`${what}: blocks larger than 4096 addresses`);
  if (geometry.blockCount > HANDLE_BLOCKS_MAX) {
    throw new Unsupported(`${what}: ${geometry.blockCount} blocks, above ${HANDLE_BLOCKS_MAX}`);
  }
  return { pool, geometry, blockCount: Number(geometry.blockCount), bits };
}

/** The pools that this world assigns from, in name order. */
function poolsOfWorld(world: AllocatorWorld): readonly UsablePool[] {
  return world.pools
    .filter((pool) => pool.cidr.version === world.version && !pool.disabled)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Makes the shared memory of a world in which nothing is assigned yet.
 *
 * @throws Unsupported for pools that do not fit (single-address blocks, too many blocks) or that
 *   say what only some releases heed (assignment mode, namespace selector, deletion).
 */
export function createAllocatorMemory(world: AllocatorWorld): AllocatorMemory {
  const pools = poolsOfWorld(world).map(worldPool);
  const blockCount = pools.reduce((sum, pool) => sum + pool.blockCount, 0);
  if (pools.length > POOLS_MAX) throw new Unsupported(`more than ${POOLS_MAX} pools on threads`);
  if (blockCount > HANDLE_BLOCKS_MAX) {
    throw new Unsupported(`${blockCount} blocks on threads, above ${HANDLE_BLOCKS_MAX}`);
  }
  if (world.threadCount > THREADS_MAX) throw new Unsupported(`more than ${THREADS_MAX} threads`);
  const layout = layOut({
    version: world.version,
    pools: pools.map(({ pool, bits, blockCount: blocks }) => ({
      name: pool.name,
      cidr: pool.cidr.text,
      blockSize: pool.blockSize,
      blockCount: blocks,
      bits,
    })),
    nodeCount: world.nodes.length,
    handleCount: world.handleCount,
    overflowCount: world.overflowCount,
    threadCount: world.threadCount,
  });
  if (layout.sizeBytes > SIZE_BYTES_MAX) {
    throw new Unsupported(`${Math.round(layout.sizeBytes / 2 ** 20)} MiB of shared memory`);
  }
  const pages = Math.ceil(layout.sizeBytes / PAGE_BYTES);
  const memory = AllocatorMemory.attach({
    memory: new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }),
    layout,
    reserved: world.reservations.flatMap(({ cidrs }) => cidrs),
  });
  memory.configure(world.config);
  writeNodes(memory, world.nodes, pools);
  writeBlocks(memory, pools, world.reservations);
  new BlockTable(memory, new AllocatorCore(memory, 0)).settleAll();
  return memory;
}

function poolBits(node: Node, pools: readonly WorldPool[]): { assign: number; select: number } {
  let assign = 0;
  let select = 0;
  for (const [i, { pool }] of pools.entries()) {
    const selector = parseSelector(pool.nodeSelector);
    if (selector instanceof SelectorSyntaxError) {
      throw new Unsupported(`node selector of pool ${pool.name}: ${selector.message}`);
    }
    if (!selector.evaluate(node.labels)) continue;
    select |= 1 << i;
    if (pool.allowedUses.includes("Workload")) assign |= 1 << i;
  }
  return { assign, select };
}

function writeNodes(
  { words, layout }: AllocatorMemory,
  nodes: readonly Node[],
  pools: readonly WorldPool[],
): void {
  for (const [i, node] of nodes.entries()) {
    const row = layout.nodesAt + (i << NODE_SHIFT);
    const { assign, select } = poolBits(node, pools);
    words[row + NodeWord.assignPools] = assign;
    words[row + NodeWord.selectPools] = select;
    for (const [p, { geometry }] of pools.entries()) {
      const start = Number(geometry.startIndex(node.name));
      words[layout.startsAt + i * pools.length + p] = start;
    }
  }
}

function writeBlocks(
  { words, layout }: AllocatorMemory,
  pools: readonly WorldPool[],
  reservations: readonly Reservation[],
): void {
  const read = ReservedAddresses.read(reservations);
  if (!(read instanceof ReservedAddresses)) {
    throw new Unsupported(`reservation with unreadable entry ${JSON.stringify(read.unreadable)}`);
  }
  const storageKeys: string[] = [];
  for (const [p, { geometry, bits, blockCount }] of pools.entries()) {
    const { firstBlock, ringAt, heldAt } = layout.pools[p]!;
    for (let index = 0; index < blockCount; index++) {
      const cidr = geometry.blockAt(index);
      const row = layout.blocksAt + ((firstBlock + index) << BLOCK_SHIFT);
      storageKeys.push(cidr.text.replace("/", "-"));
      words[row + BlockWord.pool] = p;
      words[row + BlockWord.bits] = bits;
      words[row + BlockWord.ring] = ringAt + 2 * (index << bits);
      words[row + BlockWord.held] = heldAt + (index << bits);
      let capacity = 1 << bits;
      if (!read.isEmpty && read.overlaps(cidr)) {
        for (let ordinal = 0; ordinal < cidr.size; ordinal++) {
          if (read.has(cidr.addressAt(ordinal))) capacity--;
        }
        words[row + BlockWord.whollyReserved] = read.coversWhole(cidr) ? 1 : 0;
      }
      words[row + BlockWord.capacity] = capacity;
    }
  }
  const order = Uint32Array.from(storageKeys, (_, i) => i);
  order.sort((a, b) => (storageKeys[a]! < storageKeys[b]! ? -1 : 1));
  for (const [rank, block] of order.entries()) {
    words[layout.blocksAt + (block << BLOCK_SHIFT) + BlockWord.rank] = rank;
  }
}
