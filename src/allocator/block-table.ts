import {
  freeOf,
  highOf,
  LIVE,
  LOW_TURN,
  lowOfSlot,
  lowOfState,
  OWNED,
  OwnerPhase,
  OWNERLESS,
  packOwner,
  slotWord,
  tailAt,
} from "./block-state.js";
import type { AllocatorCore } from "./core.js";
import { HierarchicalBitmap } from "./hierarchical-bitmap.js";
import { type AllocatorLayout, BLOCK_SHIFT, BlockWord, Header } from "./layout.js";
import type { AllocatorMemory } from "./memory.js";
import { wideCount } from "./wide-counter.js";

/** Fruitless searches of a bitmap before every block is looked at. */
const SEARCH_ROUNDS = 8;

/**
 * The blocks: their owners, how they come and go, and the bitmaps by which they are found. Addresses
 * are taken and given back by the core (`core.ts`), which tells when a block's bit is to be settled.
 */
export class BlockTable {
  private readonly words: Int32Array;
  private readonly layout: AllocatorLayout;
  readonly #claimable: readonly HierarchicalBitmap[];
  readonly #space: readonly HierarchicalBitmap[];

  constructor(
    { words, layout }: AllocatorMemory,
    private readonly core: AllocatorCore,
  ) {
    this.words = words;
    this.layout = layout;
    const { pools } = layout;
    const bitmap = (at: number, size: number) => new HierarchicalBitmap(words, at, size);
    this.#claimable = pools.map((pool) => bitmap(pool.claimableAt, pool.blockCount));
    this.#space = pools.map((pool) => bitmap(pool.spaceAt, pool.blockCount));
  }

  rowOf(block: number): number {
    return this.layout.blocksAt + (block << BLOCK_SHIFT);
  }

  freeCount(block: number): number {
    const low = Atomics.load(this.words, this.rowOf(block) + BlockWord.state);
    return (low & LIVE) === 0 ? 0 : freeOf(low);
  }

  /** As `freeCount` is above 0, by a plain read: a hint before `take`, which looks again. */
  seemsFree(block: number): boolean {
    const low = this.words[this.rowOf(block) + BlockWord.state]!;
    return (low & LIVE) !== 0 && freeOf(low) > 0;
  }

  ownerOf(block: number): number {
    return Atomics.load(this.words, this.rowOf(block) + BlockWord.owner);
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
    const ring = words[row + BlockWord.ring]!;
    const capacity = words[row + BlockWord.capacity]!;
    const size = 1 << words[row + BlockWord.bits]!;
    // The counter goes on where the deleted block's had stopped, and by one, so that a state of a block
    // without a free ordinal does not come back either.
    const head = tailAt(words, row + BlockWord.state) + 1;
    const hasReserved = capacity < size;
    let slot = slotWord(ring, head, size);
    let low = lowOfSlot(head, 0);
    let high = highOf(head);
    for (let ordinal = 0; ordinal < size; ordinal++) {
      if (hasReserved && isReserved(block, ordinal)) continue;
      words[slot] = low | ordinal;
      words[slot + 1] = high;
      slot += 2;
      if (slot === ring + 2 * size) slot = ring;
      low = (low + LOW_TURN) | 0;
      if (low === 0) high++;
    }
    this.core.setState(block, lowOfState(head, capacity, LIVE | OWNED), highOf(head));
    Atomics.store(words, row + BlockWord.owner, packOwner(OwnerPhase.confirmed, node));
    this.settleSpace(block);
  }

  setOwner(block: number, owner: number): void {
    Atomics.store(this.words, this.rowOf(block) + BlockWord.owner, owner);
  }

  /** After its end (`AllocatorCore.close`): the block is gone, and may be claimed. */
  remove(block: number): void {
    this.setOwner(block, OwnerPhase.absent);
    this.settleSpace(block);
    this.#settleClaimable(block);
  }

  /** Deletes a block that has neither an affinity nor an address. */
  removeIfAbandoned(block: number): void {
    if (this.core.close(block, LIVE, OWNERLESS)) this.remove(block);
  }

  isEmpty(block: number): boolean {
    const row = this.rowOf(block);
    const low = Atomics.load(this.words, row + BlockWord.state);
    return freeOf(low) === this.words[row + BlockWord.capacity];
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
      const cleared = wideCount(this.words, Header.cleared);
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
      Atomics.load(words, Header.clearing) === 0 && wideCount(words, Header.cleared) === cleared
    );
  }

  /** Makes a block's bit say whether it has free addresses; the last thread to change either agrees. */
  settleSpace(block: number): void {
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
        this.core.countUp(Header.cleared);
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
        this.core.countUp(Header.cleared);
        Atomics.sub(words, Header.clearing, 1);
        if (isRight) return;
      }
    }
  }

  /** Sets both bitmaps to what the blocks say; only while no other thread is at work. */
  settleAll(): void {
    Atomics.store(this.words, Header.clearing, 0);
    for (let block = 0; block < this.layout.blockCount; block++) {
      this.settleSpace(block);
      this.#settleClaimable(block);
    }
  }
}
