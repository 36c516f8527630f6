import { EnvironmentError } from "../failure/failure.js";
import {
  type AllocatorLayout,
  HANDLE_SHIFT,
  HandleWord,
  Header,
  OVERFLOW_SHIFT,
} from "./layout.js";

const COUNT_BITS = 11;
/** Most addresses that a handle may count in one block. */
const HANDLE_COUNT_MAX = 2 ** COUNT_BITS - 1;
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
 * whose emptied entries are used again. Each change is one compare-and-swap; what is read before is
 * no more than its expectation, so a plain read is enough (an atomic one is a call in V8).
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
    const link = entryWord === first ? first + HandleWord.more : entryWord + 1;
    const next = this.words[link]!;
    return next === 0 ? 0 : this.layout.overflowAt + ((next - 1) << OVERFLOW_SHIFT);
  }

  read(entryWord: number): number {
    return this.words[entryWord]!;
  }

  /** The ordinal that the handle got last, in whatever block: to be looked at first. */
  hintOf(handle: number): number {
    return this.words[this.#row(handle) + HandleWord.hint]!;
  }

  setHint(handle: number, ordinal: number): void {
    this.words[this.#row(handle) + HandleWord.hint] = ordinal;
  }

  /** Whether the handle has any entry. */
  exists(handle: number): boolean {
    for (let word = this.firstEntry(handle); word !== 0; word = this.nextEntry(handle, word)) {
      if (Atomics.load(this.words, word) !== 0) return true;
    }
    return false;
  }

  /**
   * Counts a handle up.
   *
   * @throws EnvironmentError when the table of further entries is full.
   * @throws RangeError when the count does not fit.
   */
  increment(handle: number, block: number, more: number): void {
    const { words } = this;
    let free = 0;
    for (let word = this.firstEntry(handle); word !== 0; word = this.nextEntry(handle, word)) {
      let entry = words[word]!;
      while (entry !== 0 && entryBlock(entry) === block) {
        if (entryCount(entry) + more > HANDLE_COUNT_MAX) throw tooMany(handle);
        const before = Atomics.compareExchange(words, word, entry, entry + more);
        if (before === entry) return;
        entry = before;
      }
      if (entry === 0 && free === 0) free = word;
    }
    if (more > HANDLE_COUNT_MAX) throw tooMany(handle);
    if (free !== 0 && Atomics.compareExchange(words, free, 0, packEntry(block, more)) === 0) return;
    this.#addEntry(handle, packEntry(block, more));
  }

  #addEntry(handle: number, entry: number): void {
    const { words, layout } = this;
    const index = Atomics.add(words, Header.overflowUsed, 1);
    if (index >= layout.overflowCount) {
      throw new EnvironmentError(
        `the handle table is full: ${layout.overflowCount} entries beyond the first of a handle`,
      );
    }
    const word = layout.overflowAt + (index << OVERFLOW_SHIFT);
    const link = this.#row(handle) + HandleWord.more;
    Atomics.store(words, word, entry);
    let first = Atomics.load(words, link);
    for (;;) {
      Atomics.store(words, word + 1, first);
      const before = Atomics.compareExchange(words, link, first, index + 1);
      if (before === first) return;
      first = before;
    }
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

  /** Counts a handle down, by less when it counts less; an entry that reaches 0 is gone. */
  decrement(handle: number, block: number, fewer: number): void {
    const { words } = this;
    let left = fewer;
    for (let word = this.firstEntry(handle); word !== 0; word = this.nextEntry(handle, word)) {
      let entry = words[word]!;
      while (left > 0 && entry !== 0 && entryBlock(entry) === block) {
        const count = entryCount(entry);
        const next = count > left ? entry - left : 0;
        const before = Atomics.compareExchange(words, word, entry, next);
        if (before === entry) left -= Math.min(left, count);
        entry = words[word]!;
      }
    }
  }
}

function tooMany(handle: number): RangeError {
  return new RangeError(
    `handle ${handle} counts more than ${HANDLE_COUNT_MAX} addresses in a block`,
  );
}
