import type { IpVersion } from "../model/address.js";
import { HierarchicalBitmap } from "./hierarchical-bitmap.js";

/**
 * Where everything lies in the one SharedArrayBuffer that all threads share. All of it are 32-bit
 * words, but for the statistics, which are doubles, and the states of blocks, the slots of rings and
 * the counters that a version or a report rests on, which have 64 bits in two words, the lower first.
 *
 *     header     | configuration | mutex | overflow entries used | bitmaps being cleared |
 *     threads    | alive word of thread 1 | of thread 2 | ...           one cache line each
 *     scratch    | of thread 1: retries | block | taken blocks | taken ordinals | of thread 2 | ...
 *     nodes      | list lock | list head | own | unselected | pools |   one cache line a node
 *     starts     | first index of the walk, node by pool |
 *     blocks     | state | owner | next | rank | pool | bits | capacity | ring | held | conflicts |
 *     handles    | block and count | last ordinal | more |              four words a handle
 *     overflow   | block and count | next |                             entries beyond the first
 *     bitmaps    | claimable, level 0, 1, ... | with space, level 0, 1, ... |   a pair a pool
 *     per pool   | ring of block 0 | ring of block 1 | ... | held of block 0 | held of block 1 | ...
 *     statistics | of thread 1 | of thread 2 | ...
 *
 * State of a block, 64 bits, changed by compare-and-swap of all of it:
 *
 *     63           15           2       1      0
 *     | head counter | free count | owned | live |
 *
 * The ring of a block holds its free ordinals, first out at `head`, and each slot says for which
 * turn of the tail counter it was filled, so that a filled slot is told from a stale one:
 *
 *     63           15        0
 *     | tail counter | ordinal |              ring position = counter modulo block size
 *
 * The counters go round after 2^49 ordinals of one block: 1.8 years at ten million a second. Why no
 * compare-and-swap takes a word that came back for one that never changed (ABA):
 *
 *     state, slot         their counters do not come back
 *     owner, held, entry  come back, and what is swapped then is right: see `packOwner` for owners;
 *                         an address may be taken from the handle that has it now, and one more or
 *                         less of a count is right of any count
 *     more                names overflow entries, which are linked once and for good
 *     lock, mutex         free is free, whoever had it meanwhile; that a list did not change is
 *                         told by its version, of 64 bits
 *     bitmaps             bits are set and cleared, nothing is swapped; `cleared` has 64 bits
 *
 * `held` has a word an ordinal: 0 is not held, 1 is held without handle, h + 2 is held by handle h.
 */

/** Words of a cache line; what different threads write stands at least this far apart. */
const LINE = 16;

/** Words of the header. */
export const Header = {
  strictAffinity: 0,
  autoAllocateBlocks: 1,
  maxBlocksPerHost: 2,
  mutex: LINE,
  mutexWaiters: LINE + 1,
  overflowUsed: 2 * LINE,
  clearing: 3 * LINE,
  /** 64 bits. */
  cleared: 3 * LINE + 2,
} as const;
const HEADER_WORDS = 4 * LINE;

/** Scratch words of a thread, for its operation that is under way. */
export const ScratchWord = {
  /** Compare-and-swaps that failed. */
  retries: 0,
  /** The block that a release was about. */
  block: 1,
  /** From here on: the blocks, then the ordinals of the addresses that an assignment took. */
  taken: LINE,
} as const;

/** Most addresses that one assignment may ask for. */
export const TAKEN_MAX = 1024;
const SCRATCH_WORDS = LINE + 2 * TAKEN_MAX;

/** Words of a node's row. */
export const NodeWord = {
  /** Times that the list was unlocked; 64 bits. */
  version: 0,
  /** The thread that changes the list, or 0. */
  lock: 2,
  /** First own block plus one, or 0; blocks follow each other in storage order. */
  head: 3,
  /** Own blocks in pools that the node assigns from: what the block limit counts. */
  own: 4,
  /** Own blocks in pools that do not select the node. */
  unselected: 5,
  /** Bit p: the node assigns from pool p. */
  assignPools: 6,
  /** Bit p: pool p selects the node. */
  selectPools: 7,
} as const;
export const NODE_SHIFT = 4;

/** Words of a block's row. */
export const BlockWord = {
  /** 64 bits. */
  state: 0,
  owner: 2,
  /** Next own block of the same node plus one, or 0. */
  next: 3,
  /** Place among all blocks in storage order. */
  rank: 4,
  pool: 5,
  /** Binary logarithm of the number of ordinals. */
  bits: 6,
  /** Ordinals that may be given out: all but the reserved ones. */
  capacity: 7,
  ring: 8,
  held: 9,
  /** Compare-and-swaps that failed here; 64 bits. */
  conflicts: 10,
  /** 1 when every ordinal is reserved. */
  whollyReserved: 12,
} as const;
export const BLOCK_SHIFT = 4;

export const HandleWord = { entry: 0, hint: 1, more: 2 } as const;
export const HANDLE_SHIFT = 2;
export const OverflowWord = { entry: 0, next: 1 } as const;
export const OVERFLOW_SHIFT = 1;

/** Doubles of a thread's statistics. */
export const STATISTICS_LENGTH = 64;

export interface PoolLayout {
  readonly name: string;
  readonly cidr: string;
  readonly blockSize: number;
  /** Number of its first block; blocks are numbered through all pools. */
  readonly firstBlock: number;
  readonly blockCount: number;
  /** Binary logarithm of the ordinals of a block. */
  readonly bits: number;
  readonly claimableAt: number;
  readonly spaceAt: number;
  readonly ringAt: number;
  readonly heldAt: number;
}

/** Offsets in words (statistics: in doubles) and sizes. Plain data, to be handed to workers. */
export interface AllocatorLayout {
  readonly version: IpVersion;
  readonly pools: readonly PoolLayout[];
  readonly nodeCount: number;
  readonly blockCount: number;
  readonly handleCount: number;
  readonly overflowCount: number;
  readonly threadCount: number;
  readonly threadsAt: number;
  readonly scratchAt: number;
  readonly nodesAt: number;
  readonly startsAt: number;
  readonly blocksAt: number;
  readonly handlesAt: number;
  readonly overflowAt: number;
  readonly statisticsAt: number;
  readonly sizeBytes: number;
}

export interface LayoutSizes {
  readonly version: IpVersion;
  readonly pools: readonly {
    readonly name: string;
    readonly cidr: string;
    readonly blockSize: number;
    readonly blockCount: number;
    readonly bits: number;
  }[];
  readonly nodeCount: number;
  readonly handleCount: number;
  readonly overflowCount: number;
  readonly threadCount: number;
}

/** Word of a thread's state; threads count from 1. */
export function threadWord(layout: AllocatorLayout, thread: number): number {
  return layout.threadsAt + thread * LINE;
}

/** First scratch word of a thread; 0 is who works while no thread does. */
export function scratchOf(layout: AllocatorLayout, thread: number): number {
  return layout.scratchAt + thread * SCRATCH_WORDS;
}

/** Lays everything out one after the other, each part at the start of a cache line. */
export function layOut(sizes: LayoutSizes): AllocatorLayout {
  let next = HEADER_WORDS;
  const reserve = (words: number): number => {
    const at = next;
    next += Math.ceil(words / LINE) * LINE;
    return at;
  };
  const { nodeCount, handleCount, overflowCount, threadCount } = sizes;
  const blockCount = sizes.pools.reduce((sum, pool) => sum + pool.blockCount, 0);
  const threadsAt = reserve((threadCount + 1) * LINE);
  const scratchAt = reserve((threadCount + 1) * SCRATCH_WORDS);
  const nodesAt = reserve(nodeCount << NODE_SHIFT);
  const startsAt = reserve(nodeCount * sizes.pools.length);
  const blocksAt = reserve(blockCount << BLOCK_SHIFT);
  const handlesAt = reserve(handleCount << HANDLE_SHIFT);
  const overflowAt = reserve(overflowCount << OVERFLOW_SHIFT);
  let firstBlock = 0;
  const pools = sizes.pools.map((pool): PoolLayout => {
    const layout = {
      ...pool,
      firstBlock,
      claimableAt: reserve(HierarchicalBitmap.wordsFor(pool.blockCount)),
      spaceAt: reserve(HierarchicalBitmap.wordsFor(pool.blockCount)),
      ringAt: reserve(2 * (pool.blockCount << pool.bits)),
      heldAt: reserve(pool.blockCount << pool.bits),
    };
    firstBlock += pool.blockCount;
    return layout;
  });
  const statisticsWords = reserve((threadCount + 1) * STATISTICS_LENGTH * 2);
  return {
    version: sizes.version,
    pools,
    nodeCount,
    blockCount,
    handleCount,
    overflowCount,
    threadCount,
    threadsAt,
    scratchAt,
    nodesAt,
    startsAt,
    blocksAt,
    handlesAt,
    overflowAt,
    statisticsAt: statisticsWords / 2,
    sizeBytes: next * 4,
  };
}
