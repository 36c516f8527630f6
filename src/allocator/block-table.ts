import {
  counterMask,
  freeOf,
  headOf,
  LIVE,
  OWNED,
  OwnerPhase,
  OWNERLESS,
  packOwner,
  packState,
  tailOf,
} from "./block-state.js";
import { HierarchicalBitmap } from "./hierarchical-bitmap.js";
import { type AllocatorLayout, BLOCK_SHIFT, BlockWord, Header } from "./layout.js";
import type { TakenAddresses } from "./taken-addresses.js";

/** Bound of every retry loop, as `datastoreRetries` of libcalico-go/lib/ipam/ipam.go@v3.28.4. */
export const RETRIES = 100;

/** Fruitless searches of a bitmap before every block is looked at. */
const SEARCH_ROUNDS = 8;

/** What `take` returns instead of a number of addresses. */
const NOT_OWNED = -1;
export const GAVE_UP = -2;

/** Node to give to `take` when any block will do. */
export const ANY_NODE = -1;

/** Value of `held` of an ordinal that is held without a handle; handle h is h + 2. */
export const HELD_WITHOUT_HANDLE = 1;

/**
 * The blocks: their free rings, owners, and the bitmaps by which blocks are found.
 *
 * An address is taken by one compare-and-swap of the block's state. It is returned by two: of the
 * slot behind the tail, then of the state, which counts the slot in; a thread that finds a filled
 * slot not counted in does that for the other one. No step waits for another thread: whatever a
 * thread was doing when it stopped for ever, the others go on.
 */
export class BlockTable {
  /** Failed compare-and-swaps since the owner of this object set it to 0. */
  retries = 0;
  readonly #claimable: readonly HierarchicalBitmap[];
  readonly #space: readonly HierarchicalBitmap[];

  constructor(
    private readonly words: Int32Array,
    private readonly layout: AllocatorLayout,
  ) {
    const { pools } = layout;
    const bitmap = (at: number, size: number) => new HierarchicalBitmap(words, at, size);
    this.#claimable = pools.map((pool) => bitmap(pool.claimableAt, pool.blockCount));
    this.#space = pools.map((pool) => bitmap(pool.spaceAt, pool.blockCount));
  }

  rowOf(block: number): number {
    return this.layout.blocksAt + (block << BLOCK_SHIFT);
  }

  freeCount(block: number): number {
    const row = this.rowOf(block);
    const state = Atomics.load(this.words, row + BlockWord.state);
    return (state & LIVE) === 0 ? 0 : freeOf(state, this.words[row + BlockWord.bits]!);
  }

  /** As `freeCount` is above 0, by a plain read: a hint before `take`, which looks again. */
  seemsFree(block: number): boolean {
    const row = this.rowOf(block);
    const state = this.words[row + BlockWord.state]!;
    return (state & LIVE) !== 0 && freeOf(state, this.words[row + BlockWord.bits]!) > 0;
  }

  ownerOf(block: number): number {
    return Atomics.load(this.words, this.rowOf(block) + BlockWord.owner);
  }

  /**
   * Takes up to `wanted` ordinals from the front of the ring into `out`, and notes who holds them.
   *
   * @param node the node that must own the block, or `ANY_NODE`.
   * @param holder value for the `held` table.
   * @returns how many; `NOT_OWNED`; or `GAVE_UP` after too many retries.
   */
  take(block: number, wanted: number, node: number, holder: number, out: TakenAddresses): number {
    const { words } = this;
    const row = this.rowOf(block);
    const bits = words[row + BlockWord.bits]!;
    const ring = words[row + BlockWord.ring]!;
    const position = (1 << bits) - 1;
    for (let round = 0; round < RETRIES; round++) {
      const state = Atomics.load(words, row + BlockWord.state);
      if ((state & LIVE) === 0) return 0;
      if (node !== ANY_NODE) {
        // Read after the state, and it cannot change without the state's doing so.
        const owner = words[row + BlockWord.owner]!;
        if (owner !== packOwner(OwnerPhase.confirmed, node)) return NOT_OWNED;
      }
      const free = freeOf(state, bits);
      if (free === 0) return 0;
      const count = wanted < free ? wanted : free;
      const head = headOf(state, bits);
      const first = out.count;
      for (let i = 0; i < count; i++) {
        out.ordinals[first + i] = words[ring + ((head + i) & position)]! & position;
      }
      const next = packState(head + count, free - count, state & (LIVE | OWNED), bits);
      if (Atomics.compareExchange(words, row + BlockWord.state, state, next) === state) {
        const held = words[row + BlockWord.held]!;
        for (let i = first; i < first + count; i++) {
          out.blocks[i] = block;
          words[held + out.ordinals[i]!] = holder;
        }
        out.count = first + count;
        if (count === free) this.#settleSpace(block);
        return count;
      }
      this.#countConflict(row);
    }
    return GAVE_UP;
  }

  /**
   * Takes an ordinal from its holder and returns it to the end of the ring.
   *
   * @returns false when it is not held by this holder (any more).
   */
  give(block: number, ordinal: number, holder: number): boolean {
    const { words } = this;
    const row = this.rowOf(block);
    const word = words[row + BlockWord.held]! + ordinal;
    if (Atomics.compareExchange(words, word, holder, 0) !== holder) return false;
    this.append(block, ordinal);
    return true;
  }

  /** Puts an ordinal that nobody holds at the end of the ring. */
  append(block: number, ordinal: number): void {
    const { words } = this;
    const row = this.rowOf(block);
    const bits = words[row + BlockWord.bits]!;
    const ring = words[row + BlockWord.ring]!;
    const stateWord = row + BlockWord.state;
    const position = (1 << bits) - 1;
    for (;;) {
      const state = Atomics.load(words, stateWord);
      const tail = tailOf(state, bits);
      const slot = ring + (tail & position);
      const before = words[slot]!;
      // The slot belongs to the state only if the state still holds now.
      if (Atomics.load(words, stateWord) !== state) {
        this.#countConflict(row);
        continue;
      }
      if (before >>> bits === tail) {
        this.#countIn(stateWord, state);
        continue;
      }
      if (Atomics.compareExchange(words, slot, before, (tail << bits) | ordinal) !== before) {
        this.#countConflict(row);
        continue;
      }
      this.#publish(block, stateWord, state, tail, bits);
      return;
    }
  }

  /** Counts the slot of this tail in, unless another thread has done so. */
  #publish(block: number, stateWord: number, first: number, tail: number, bits: number): void {
    let state = first;
    while (tailOf(state, bits) === tail) {
      if (this.#countIn(stateWord, state)) {
        if (freeOf(state, bits) === 0) this.#settleSpace(block);
        return;
      }
      this.#countConflict(stateWord - BlockWord.state);
      state = Atomics.load(this.words, stateWord);
    }
    this.#settleSpace(block);
  }

  #countIn(stateWord: number, state: number): boolean {
    const next = state + (1 << 2);
    return Atomics.compareExchange(this.words, stateWord, state, next) === state;
  }

  #countConflict(row: number): void {
    this.retries++;
    Atomics.add(this.words, row + BlockWord.conflicts, 1);
  }

  /**
   * First step of a claim: the owner word goes from absent to pending.
   *
   * @returns false when another thread was faster.
   */
  beginClaim(block: number, node: number): boolean {
    const word = this.rowOf(block) + BlockWord.owner;
    const pending = packOwner(OwnerPhase.pending, node);
    const before = Atomics.compareExchange(this.words, word, OwnerPhase.absent, pending);
    // Who was too late clears the bit too: the one that was faster may never come to it.
    this.#settleClaimable(block);
    return before === OwnerPhase.absent;
  }

  /** Last step of a claim: every ordinal free and in order, then live, then confirmed. */
  open(block: number, node: number, isReserved: (block: number, ordinal: number) => boolean): void {
    const { words } = this;
    const row = this.rowOf(block);
    const bits = words[row + BlockWord.bits]!;
    const ring = words[row + BlockWord.ring]!;
    const capacity = words[row + BlockWord.capacity]!;
    const size = 1 << bits;
    // The counter goes on where the deleted block's had stopped.
    const head = tailOf(Atomics.load(words, row + BlockWord.state), bits);
    const hasReserved = capacity < size;
    let turn = head;
    for (let ordinal = 0; ordinal < size; ordinal++) {
      if (hasReserved && isReserved(block, ordinal)) continue;
      words[ring + (turn & (size - 1))] = ((turn & counterMask(bits)) << bits) | ordinal;
      turn++;
    }
    Atomics.store(words, row + BlockWord.state, packState(head, capacity, LIVE | OWNED, bits));
    Atomics.store(words, row + BlockWord.owner, packOwner(OwnerPhase.confirmed, node));
    this.#settleSpace(block);
  }

  /**
   * Makes an empty live block dead; false when it is not empty or not live, or when it has an affinity
   * and should not, or the other way round: it may have been deleted and claimed anew meanwhile.
   */
  close(block: number, isOwned: boolean): boolean {
    const { words } = this;
    const row = this.rowOf(block);
    const bits = words[row + BlockWord.bits]!;
    const flags = isOwned ? LIVE | OWNED : LIVE;
    for (;;) {
      const state = Atomics.load(words, row + BlockWord.state);
      if ((state & (LIVE | OWNED)) !== flags) return false;
      if (freeOf(state, bits) !== words[row + BlockWord.capacity]!) return false;
      const dead = state & ~(LIVE | OWNED);
      if (Atomics.compareExchange(words, row + BlockWord.state, state, dead) === state) return true;
      this.#countConflict(row);
    }
  }

  /** Takes the mark of an affinity off the state, so that nobody takes the block for an owned one. */
  disown(block: number): void {
    Atomics.and(this.words, this.rowOf(block) + BlockWord.state, ~OWNED);
  }

  setOwner(block: number, owner: number): void {
    Atomics.store(this.words, this.rowOf(block) + BlockWord.owner, owner);
  }

  /** After `close`: the block is gone, and may be claimed. */
  remove(block: number): void {
    this.setOwner(block, OwnerPhase.absent);
    this.#settleSpace(block);
    this.#settleClaimable(block);
  }

  /** Deletes a block that has neither an affinity nor an address. */
  removeIfAbandoned(block: number): void {
    if (this.ownerOf(block) === OWNERLESS && this.close(block, false)) this.remove(block);
  }

  isEmpty(block: number): boolean {
    const row = this.rowOf(block);
    const state = Atomics.load(this.words, row + BlockWord.state);
    return (
      freeOf(state, this.words[row + BlockWord.bits]!) === this.words[row + BlockWord.capacity]
    );
  }

  /** First claimable block of a pool from this index on, going round at its end; or -1. */
  nextClaimable(pool: number, start: number): number {
    const { firstBlock, blockCount } = this.layout.pools[pool]!;
    let index = this.#search(this.#claimable[pool]!, pool, start, blockCount);
    if (index < 0) index = this.#search(this.#claimable[pool]!, pool, 0, start);
    return index < 0 ? -1 : firstBlock + index;
  }

  /** Index in its pool of the first block with free addresses in [from, end), or -1. */
  nextWithSpace(pool: number, from: number, end: number): number {
    return this.#search(this.#space[pool]!, pool, from, end);
  }

  /**
   * A search that misses nothing: fruitless while bits were being cleared, it is done again, and in
   * the end by looking at every block.
   */
  #search(bitmap: HierarchicalBitmap, pool: number, from: number, end: number): number {
    for (let round = 0; round < SEARCH_ROUNDS; round++) {
      const cleared = Atomics.load(this.words, Header.cleared);
      const index = bitmap.next(from, end);
      if (index >= 0 || this.#isSettledSince(cleared)) return index;
    }
    const { firstBlock } = this.layout.pools[pool]!;
    const isSpace = bitmap === this.#space[pool];
    for (let index = from; index < end; index++) {
      const block = firstBlock + index;
      if (isSpace ? this.freeCount(block) > 0 : this.isClaimable(block)) return index;
    }
    return -1;
  }

  /** Whether no bit was being cleared since then, so that a fruitless search missed nothing. */
  #isSettledSince(cleared: number): boolean {
    const { words } = this;
    return (
      Atomics.load(words, Header.clearing) === 0 && Atomics.load(words, Header.cleared) === cleared
    );
  }

  /** Makes a block's bit say whether it has free addresses; the last thread to change either agrees. */
  #settleSpace(block: number): void {
    const { words } = this;
    const pool = words[this.rowOf(block) + BlockWord.pool]!;
    const bitmap = this.#space[pool]!;
    const index = block - this.layout.pools[pool]!.firstBlock;
    for (;;) {
      if (this.freeCount(block) > 0) {
        bitmap.set(index);
        if (this.freeCount(block) > 0) return;
      } else {
        Atomics.add(words, Header.clearing, 1);
        bitmap.clear(index);
        const isRight = this.freeCount(block) === 0;
        if (!isRight) bitmap.set(index);
        Atomics.add(words, Header.cleared, 1);
        Atomics.sub(words, Header.clearing, 1);
        if (isRight) return;
      }
    }
  }

  /** Whether the block does not exist and may be claimed automatically. */
  isClaimable(block: number): boolean {
    const row = this.rowOf(block);
    if (this.words[row + BlockWord.whollyReserved] === 1) return false;
    return Atomics.load(this.words, row + BlockWord.owner) === OwnerPhase.absent;
  }

  #settleClaimable(block: number): void {
    const { words } = this;
    const pool = words[this.rowOf(block) + BlockWord.pool]!;
    const bitmap = this.#claimable[pool]!;
    const index = block - this.layout.pools[pool]!.firstBlock;
    for (;;) {
      if (this.isClaimable(block)) {
        bitmap.set(index);
        if (this.isClaimable(block)) return;
      } else {
        Atomics.add(words, Header.clearing, 1);
        bitmap.clear(index);
        const isRight = !this.isClaimable(block);
        if (!isRight) bitmap.set(index);
        Atomics.add(words, Header.cleared, 1);
        Atomics.sub(words, Header.clearing, 1);
        if (isRight) return;
      }
    }
  }

  /** Sets both bitmaps to what the blocks say; only while no other thread is at work. */
  settleAll(): void {
    Atomics.store(this.words, Header.clearing, 0);
    for (let block = 0; block < this.layout.blockCount; block++) {
      this.#settleSpace(block);
      this.#settleClaimable(block);
    }
  }
}
