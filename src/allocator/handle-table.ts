import {
  type AllocatorLayout,
  HANDLE_SHIFT,
  HandleWord,
  OVERFLOW_SHIFT,
  OverflowWord,
} from "./layout.js";

/** Bits of an entry that count; those above name the block. */
export const COUNT_BITS = 11;
/** Most addresses that a handle may count in one block. */
export const HANDLE_COUNT_MAX = 2 ** COUNT_BITS - 1;
/** Blocks that an entry can name. */
export const HANDLE_BLOCKS_MAX = 2 ** (32 - COUNT_BITS) - 1;

export function entryBlock(entry: number): number {
  return (entry >>> COUNT_BITS) - 1;
}

export function entryCount(entry: number): number {
  return entry & HANDLE_COUNT_MAX;
}

function packEntry(block: number, count: number): number {
  return ((block + 1) << COUNT_BITS) | count;
}

/**
 * How many addresses each handle has in which block: bookkeeping, as Calico's handle objects are. It
 * is counted up before addresses are taken and down after they were given back, so it may overstate.
 *
 * The first entry of a handle is a word of its own; further ones hang in a chain that only grows, and
 * whose emptied entries are used again. The core counts (`core.ts`), each time by one compare-and-swap.
 */
export class HandleTable {
  constructor(
    private readonly words: Int32Array,
    private readonly layout: AllocatorLayout,
  ) {}

  #row(handle: number): number {
    return this.layout.handlesAt + (handle << HANDLE_SHIFT);
  }

  /** The word of the handle's first entry; `nextEntry` has the others. */
  firstEntry(handle: number): number {
    return this.#row(handle) + HandleWord.entry;
  }

  /** Word of the entry after this one, or 0. */
  nextEntry(handle: number, entryWord: number): number {
    const first = this.#row(handle);
    const link = entryWord === first ? first + HandleWord.more : entryWord + OverflowWord.next;
    const next = this.words[link]!;
    return next === 0 ? 0 : this.layout.overflowAt + ((next - 1) << OVERFLOW_SHIFT);
  }

  read(entryWord: number): number {
    return this.words[entryWord]!;
  }

  /** Notes the ordinal that the handle got last, in whatever block: where a release looks first. */
  setHint(handle: number, ordinal: number): void {
    this.words[this.#row(handle) + HandleWord.hint] = ordinal;
  }

  /**
   * Makes an entry say that the handle has `count` addresses in a block; only while no thread is at
   * work.
   *
   * @returns whether it said something else.
   */
  correct(entryWord: number, block: number, count: number): boolean {
    const right = count === 0 ? 0 : packEntry(block, count);
    if (this.words[entryWord] === right) return false;
    this.words[entryWord] = right;
    return true;
  }
}
