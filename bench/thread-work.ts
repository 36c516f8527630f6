import { PerformanceObserver } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Allocator } from "../src/allocator/allocator.js";
import { CoarseLockAllocator } from "../src/allocator/coarse-lock.js";
import { createAllocatorMemory } from "../src/allocator/create-memory.js";
import { LockReducedAllocator } from "../src/allocator/lock-reduced.js";
import { AllocatorMemory, type MemoryHandle } from "../src/allocator/memory.js";
import { ThreadTable } from "../src/allocator/thread-table.js";
import { ThreadBoard, type BoardHandle } from "../src/load/thread-board.js";
import { Cidr } from "../src/model/cidr.js";
import { DEFAULT_IPAM_CONFIG } from "../src/model/ipam-config.js";
import { makePool, type UsablePool } from "../src/model/pool.js";
import {
  type RawHandle,
  rawAtomicPairs,
  rawBitmapPairs,
  rawMutexPairs,
  wasmBitmapPairs,
} from "./raw-work.js";

/** What a thread of the benchmark repeats: one allocation and one release, a pair. */
export type Subject =
  | "raw atomics"
  | "raw bitmap"
  | "raw bitmap, wasm"
  | "raw mutex"
  | "coarse-lock"
  | "lock-reduced";

export interface BenchTask {
  readonly subject: Subject;
  readonly memory: MemoryHandle;
  readonly board: BoardHandle;
  /** For the raw subjects. */
  readonly raw: RawHandle;
  readonly thread: number;
  /** Nodes of this thread, used in turn. */
  readonly nodes: readonly number[];
  /** How long to go on, after a warm-up of a quarter of it. */
  readonly durationMs: number;
  /** Pairs to perform instead, after a warm-up of a tenth of them. */
  readonly pairs?: number;
}

export interface BenchOutcome {
  readonly pairs: number;
  readonly elapsedMs: number;
  /** By how much the heap of this thread grew from the first pair to the last. */
  readonly heapGrowthBytes: number;
  /** Garbage collections meanwhile, which would hide growth. */
  readonly collections: number;
}

/** Pairs between two looks at the clock. */
const BATCH = 4096;
/** Addresses that a thread holds: the oldest goes for each that comes. */
const HELD = 16;

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
  const { subject, thread, raw } = task;
  if (subject === "raw atomics") return rawAtomicPairs(raw, thread, BATCH);
  if (subject === "raw bitmap") return rawBitmapPairs(raw, thread, BATCH);
  if (subject === "raw bitmap, wasm") return wasmBitmapPairs(raw, thread, BATCH);
  if (subject === "raw mutex") return rawMutexPairs(raw, thread, BATCH);
  const memory = AllocatorMemory.attach(task.memory);
  new ThreadTable(memory.words, memory.layout).enter(thread);
  const allocator =
    subject === "coarse-lock"
      ? new CoarseLockAllocator(memory, thread)
      : new LockReducedAllocator(memory, thread);
  const pairs = new AllocatorPairs(allocator, task.nodes, (thread - 1) * HELD);
  return () => pairs.batch();
}

/** Nodes there are: one for each of eight threads. */
export const NODES = 8;

/** The memory of a pool of 1,024 blocks of 64 addresses. */
export function benchMemory(threads: number): MemoryHandle {
  return createAllocatorMemory({
    version: 4,
    pools: [makePool({ name: "p", cidr: Cidr.of("10.0.0.0/16"), blockSize: 26 }) as UsablePool],
    nodes: Array.from({ length: NODES }, (_, i) => ({ name: `node-${i}`, labels: {} })),
    reservations: [],
    config: DEFAULT_IPAM_CONFIG,
    handleCount: threads * HELD,
    overflowCount: 4096,
    threadCount: threads,
  }).handle;
}

/** Collects this thread's garbage. */
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

/** What piscina calls: repeats the subject. */
export default async function work(task: BenchTask): Promise<BenchOutcome> {
  const { durationMs, pairs: wanted = Infinity } = task;
  const batch = batchOf(task);
  let collections = 0;
  const observer = new PerformanceObserver((list) => (collections += list.getEntries().length));
  ThreadBoard.attach(task.board).waitForAll(() => process.hrtime.bigint());
  const warmUpEnd = performance.now() + durationMs / 4;
  let pairs = 0;
  while (pairs < wanted / 10 && performance.now() < warmUpEnd) {
    batch();
    pairs += BATCH;
  }
  if (wanted !== Infinity) {
    collectGarbage();
    observer.observe({ entryTypes: ["gc"] });
  }
  const heapBefore = getHeapStatistics().used_heap_size;
  pairs = 0;
  const start = performance.now();
  let now = start;
  while (pairs < wanted && now - start < durationMs) {
    batch();
    pairs += BATCH;
    now = performance.now();
  }
  const heapGrowthBytes = getHeapStatistics().used_heap_size - heapBefore;
  // Collections are told to the observer a little later.
  if (wanted !== Infinity) await sleep(50);
  observer.disconnect();
  return { pairs, elapsedMs: now - start, heapGrowthBytes, collections };
}
