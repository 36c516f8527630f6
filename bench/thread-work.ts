import { getHeapStatistics } from "node:v8";
import type { Allocator } from "../src/allocator/allocator.js";
import { CoarseLockAllocator } from "../src/allocator/coarse-lock.js";
import { LockReducedAllocator } from "../src/allocator/lock-reduced.js";
import { AllocatorMemory, type MemoryHandle } from "../src/allocator/memory.js";
import { ThreadTable } from "../src/allocator/thread-table.js";
import { ThreadBoard, type BoardHandle } from "../src/load/thread-board.js";

/** What a thread of the benchmark repeats: one allocation and one release, a pair. */
export const SUBJECTS = ["raw bitmap", "raw mutex", "coarse-lock", "lock-reduced"] as const;
export type Subject = (typeof SUBJECTS)[number];

export interface BenchTask {
  readonly subject: Subject;
  readonly memory: MemoryHandle;
  readonly board: BoardHandle;
  /** Words of the two raw subjects; each thread has its own cache lines. */
  readonly raw: SharedArrayBuffer;
  readonly thread: number;
  /** Nodes of this thread, used in turn. */
  readonly nodes: readonly number[];
  readonly durationMs: number;
}

export interface BenchOutcome {
  readonly pairs: number;
  readonly elapsedMs: number;
  /** By how much the heap grew in a batch, by pair; median of the batches that were looked at. */
  readonly heapBytesPerPair: number;
}

/** Pairs between two looks at the clock. */
const BATCH = 4096;
/** Addresses that a thread holds: the oldest goes for each that comes. */
const HELD = 16;
/** Words between what two threads write. */
const THREAD_WORDS = 64;

/** The least that an allocation of a bit and its release can cost: two atomic operations. */
function rawBitmapPairs(words: Int32Array, thread: number): void {
  const at = thread * THREAD_WORDS;
  for (let i = 0; i < BATCH; i++) {
    const word = at + (i & 31);
    const bit = 1 << ((i >> 5) & 31);
    Atomics.or(words, word, bit);
    Atomics.and(words, word, ~bit);
  }
}

/** A mutex that nobody else wants, taken and given back around each half of a pair. */
function rawMutexPairs(words: Int32Array, thread: number): void {
  const at = thread * THREAD_WORDS;
  for (let i = 0; i < 2 * BATCH; i++) {
    if (Atomics.compareExchange(words, at, 0, 1) === 0) Atomics.store(words, at, 0);
  }
}

class AllocatorPairs {
  #next = 0;

  constructor(
    private readonly allocator: Allocator,
    private readonly nodes: readonly number[],
    private readonly firstHandle: number,
  ) {
    for (let i = 0; i < HELD; i++) this.#assign(i);
  }

  #assign(slot: number): void {
    const node = this.nodes[slot % this.nodes.length]!;
    const status = this.allocator.assign(node, this.firstHandle + slot, 1, 0);
    if (status !== 0) throw new Error(`assignment ended with status ${status}`);
  }

  batch(): void {
    for (let i = 0; i < BATCH; i++) {
      const slot = this.#next++ & (HELD - 1);
      this.allocator.releaseByHandle(this.firstHandle + slot);
      this.#assign(slot);
    }
  }
}

function batchOf(task: BenchTask): () => void {
  const { subject, thread } = task;
  const raw = new Int32Array(task.raw);
  if (subject === "raw bitmap") return () => rawBitmapPairs(raw, thread);
  if (subject === "raw mutex") return () => rawMutexPairs(raw, thread);
  const memory = AllocatorMemory.attach(task.memory);
  new ThreadTable(memory.words, memory.layout).enter(thread);
  const allocator =
    subject === "coarse-lock"
      ? new CoarseLockAllocator(memory, thread)
      : new LockReducedAllocator(memory, thread);
  const pairs = new AllocatorPairs(allocator, task.nodes, (thread - 1) * HELD);
  return () => pairs.batch();
}

/** Handles that the threads need. */
export function handlesFor(threads: number): number {
  return threads * HELD;
}

/** What piscina calls: repeats the subject for the time, after a warm-up of a quarter of it. */
export default function work(task: BenchTask): BenchOutcome {
  const batch = batchOf(task);
  ThreadBoard.attach(task.board).waitForAll(() => process.hrtime.bigint());
  const warmUpEnd = performance.now() + task.durationMs / 4;
  while (performance.now() < warmUpEnd) batch();
  const growths: number[] = [];
  let pairs = 0;
  const start = performance.now();
  let now = start;
  while (now - start < task.durationMs) {
    const before = pairs % (64 * BATCH) === 0 ? getHeapStatistics().used_heap_size : -1;
    batch();
    pairs += BATCH;
    if (before >= 0) growths.push(getHeapStatistics().used_heap_size - before);
    now = performance.now();
  }
  growths.sort((a, b) => a - b);
  const growth = growths[Math.floor(growths.length / 2)] ?? 0;
  return { pairs, elapsedMs: now - start, heapBytesPerPair: growth / BATCH };
}
