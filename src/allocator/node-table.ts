import type { BlockTable } from "./block-table.js";
import type { AllocatorCore } from "./core.js";
import { type AllocatorLayout, BlockWord, NODE_SHIFT, NodeWord } from "./layout.js";
import type { AllocatorMemory } from "./memory.js";
import type { ThreadTable } from "./thread-table.js";
import { wideCount } from "./wide-counter.js";

const SPINS = 200;
const WAIT_MS = 0.05;

/**
 * The nodes: their pools, and the list of own blocks of each, in storage order.
 *
 * The list is read without a lock and changed under one, which is taken by compare-and-swap of the
 * node's lock word (0: nobody; else the holder's number), only to claim or to give up a block. The
 * version tells a reader that the list has changed under it. A holder that died is found by its
 * number.
 */
export class NodeTable {
  /** Times that the lock was held by another thread. */
  lockWaits = 0;

  private readonly words: Int32Array;
  private readonly layout: AllocatorLayout;

  constructor(
    { words, layout }: AllocatorMemory,
    private readonly core: AllocatorCore,
    private readonly blocks: BlockTable,
    private readonly threads: ThreadTable,
    private readonly thread: number,
  ) {
    this.words = words;
    this.layout = layout;
  }

  rowOf(node: number): number {
    return this.layout.nodesAt + (node << NODE_SHIFT);
  }

  /** First index of a node's walk over a pool. */
  startOf(node: number, pool: number): number {
    return this.words[this.layout.startsAt + node * this.layout.pools.length + pool]!;
  }

  /**
   * How often the list was unlocked. Who read this, then the list, then took the lock, and finds the
   * same, has read it whole: it is as it was. At a million changes a second the number comes back
   * after 285 years.
   */
  versionOf(node: number): number {
    return wideCount(this.words, this.rowOf(node) + NodeWord.version);
  }

  /**
   * Takes the lock of a node's list.
   *
   * @throws DeadHolder when the thread that holds it is dead.
   */
  lock(node: number): void {
    const { words } = this;
    const word = this.rowOf(node) + NodeWord.lock;
    let spins = 0;
    for (;;) {
      const holder = Atomics.load(words, word);
      if (holder === 0) {
        if (Atomics.compareExchange(words, word, 0, this.thread) === 0) return;
        continue;
      }
      if (spins++ < SPINS) continue;
      this.lockWaits++;
      this.threads.checkAlive(holder, `the list of node ${node}`);
      Atomics.wait(words, word, holder, WAIT_MS);
    }
  }

  /** Counts the version up and gives the lock back. */
  unlock(node: number): void {
    const row = this.rowOf(node);
    this.core.countUp(row + NodeWord.version);
    Atomics.store(this.words, row + NodeWord.lock, 0);
  }

  isLocked(node: number): boolean {
    return Atomics.load(this.words, this.rowOf(node) + NodeWord.lock) !== 0;
  }

  /** Own blocks in pools that the node assigns from, and in pools that do not select it. */
  countsOf(node: number): { readonly own: number; readonly unselected: number } {
    const row = this.rowOf(node);
    return {
      own: this.words[row + NodeWord.own]!,
      unselected: this.words[row + NodeWord.unselected]!,
    };
  }

  /** First own block plus one, or 0. */
  first(node: number): number {
    return this.words[this.rowOf(node) + NodeWord.head]!;
  }

  /** The block after this one in its owner's list plus one, or 0. */
  next(block: number): number {
    return this.words[this.blocks.rowOf(block) + BlockWord.next]!;
  }

  /** Whether a node assigns from a block's pool. */
  assignsFrom(node: number, block: number): boolean {
    const pool = this.words[this.blocks.rowOf(block) + BlockWord.pool]!;
    return ((this.words[this.rowOf(node) + NodeWord.assignPools]! >>> pool) & 1) === 1;
  }

  isSelected(node: number, block: number): boolean {
    const pool = this.words[this.blocks.rowOf(block) + BlockWord.pool]!;
    return ((this.words[this.rowOf(node) + NodeWord.selectPools]! >>> pool) & 1) === 1;
  }

  /** Enters a block into the list. The caller holds the lock. */
  insert(node: number, block: number): void {
    const { words } = this;
    const rank = words[this.blocks.rowOf(block) + BlockWord.rank]!;
    let link = this.rowOf(node) + NodeWord.head;
    for (;;) {
      const next = words[link]!;
      if (next === 0 || words[this.blocks.rowOf(next - 1) + BlockWord.rank]! > rank) {
        Atomics.store(words, this.blocks.rowOf(block) + BlockWord.next, next);
        Atomics.store(words, link, block + 1);
        break;
      }
      link = this.blocks.rowOf(next - 1) + BlockWord.next;
    }
    this.#count(node, block, 1);
  }

  /** Takes a block off the list. The caller holds the lock. The block still points into the list. */
  remove(node: number, block: number): void {
    const { words } = this;
    let link = this.rowOf(node) + NodeWord.head;
    while (words[link] !== block + 1) {
      if (words[link] === 0) return;
      link = this.blocks.rowOf(words[link]! - 1) + BlockWord.next;
    }
    Atomics.store(words, link, this.next(block));
    this.#count(node, block, -1);
  }

  #count(node: number, block: number, change: number): void {
    const row = this.rowOf(node);
    if (this.assignsFrom(node, block)) Atomics.add(this.words, row + NodeWord.own, change);
    if (!this.isSelected(node, block)) Atomics.add(this.words, row + NodeWord.unselected, change);
  }
}
