import type { Allocator, AssignStatus, BlockStatus, ReleaseStatus } from "./allocator.js";
import { CoarseMutex } from "./coarse-mutex.js";
import { LockReducedAllocator } from "./lock-reduced.js";
import type { AllocatorMemory } from "./memory.js";
import type { TakenAddresses } from "./taken-addresses.js";
import { Statistic, statisticsOf } from "./thread-statistics.js";
import { ThreadTable } from "./thread-table.js";

/** Is told how long the lock was waited for and held. */
export interface LockObserver {
  /** Monotonic clock, nanoseconds. */
  nowNs(): number;
  waited(durationNs: number): void;
  held(durationNs: number): void;
}

/** The time that the lock is held is taken of one operation in this many. */
const HOLD_SAMPLING = 64;

/**
 * The allocator that the write-up says releases before v3.28.4 have: one lock, held over the whole
 * read-modify-write of every operation, whatever block it is about.
 *
 * Under the lock it runs the steps of the lock-reduced allocator. Its compare-and-swaps then never
 * fail and cost what an uncontended atomic costs, so a comparison of the two shows the lock alone.
 */
export class CoarseLockAllocator implements Allocator {
  readonly taken: TakenAddresses;
  readonly claimed: Int32Array;
  readonly #inner: LockReducedAllocator;
  readonly #mutex: CoarseMutex;
  readonly #statistics: Float64Array;
  #sinceHoldSample = 0;
  #heldFromNs = -1;

  /** As of `LockReducedAllocator`; without an observer no clock is read. */
  constructor(
    memory: AllocatorMemory,
    thread: number,
    private readonly observer: LockObserver | null = null,
  ) {
    const { words, layout } = memory;
    this.#inner = new LockReducedAllocator(memory, thread);
    this.taken = this.#inner.taken;
    this.claimed = this.#inner.claimed;
    this.#mutex = new CoarseMutex(words, new ThreadTable(words, layout), thread);
    this.#statistics = statisticsOf(memory.buffer, layout, thread);
  }

  get poolsWalked(): number {
    return this.#inner.poolsWalked;
  }

  get claimedCount(): number {
    return this.#inner.claimedCount;
  }

  assign(node: number, handle: number, wanted: number, maxBlocks: number): AssignStatus {
    this.#lock();
    try {
      return this.#inner.assign(node, handle, wanted, maxBlocks);
    } finally {
      this.#unlock();
    }
  }

  releaseByHandle(handle: number): ReleaseStatus {
    this.#lock();
    try {
      return this.#inner.releaseByHandle(handle);
    } finally {
      this.#unlock();
    }
  }

  releaseAddress(block: number, ordinal: number, handle: number): ReleaseStatus {
    this.#lock();
    try {
      return this.#inner.releaseAddress(block, ordinal, handle);
    } finally {
      this.#unlock();
    }
  }

  claimBlock(node: number, block: number): BlockStatus {
    this.#lock();
    try {
      return this.#inner.claimBlock(node, block);
    } finally {
      this.#unlock();
    }
  }

  releaseBlock(node: number, block: number, mustBeEmpty: boolean): BlockStatus {
    this.#lock();
    try {
      return this.#inner.releaseBlock(node, block, mustBeEmpty);
    } finally {
      this.#unlock();
    }
  }

  #lock(): void {
    const { observer } = this;
    this.#statistics[Statistic.lockAcquisitions]!++;
    if (!this.#mutex.tryLock()) this.#wait(observer);
    if (observer !== null && ++this.#sinceHoldSample === HOLD_SAMPLING) {
      this.#sinceHoldSample = 0;
      this.#heldFromNs = observer.nowNs();
    }
  }

  #wait(observer: LockObserver | null): void {
    const statistics = this.#statistics;
    const fromNs = observer === null ? 0 : observer.nowNs();
    const waiters = this.#mutex.lockSlowly();
    statistics[Statistic.lockContended]!++;
    if (waiters > statistics[Statistic.lockWaitersMax]!) {
      statistics[Statistic.lockWaitersMax] = waiters;
    }
    if (observer !== null) observer.waited(observer.nowNs() - fromNs);
  }

  #unlock(): void {
    const { observer } = this;
    if (observer !== null && this.#heldFromNs >= 0) {
      observer.held(observer.nowNs() - this.#heldFromNs);
      this.#heldFromNs = -1;
    }
    this.#mutex.unlock();
  }
}
