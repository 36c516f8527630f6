import type { Allocator } from "../allocator/allocator.js";
import { CoarseLockAllocator, type LockObserver } from "../allocator/coarse-lock.js";
import { LockReducedAllocator } from "../allocator/lock-reduced.js";
import { AllocatorMemory, type MemoryHandle } from "../allocator/memory.js";
import { Statistic, statisticsOf } from "../allocator/thread-statistics.js";
import { DeadHolder, ThreadTable } from "../allocator/thread-table.js";
import {
  ChurnStream,
  type ChurnWork,
  type OperationStream,
  Performed,
  ScheduleStream,
  type ScheduleWork,
} from "./operation-stream.js";
import {
  type BoardHandle,
  Counter,
  SLICES_MAX,
  ThreadBoard,
  type ThreadMeasures,
} from "./thread-board.js";

export const ALLOCATORS = ["coarse-lock", "lock-reduced"] as const;
export type AllocatorName = (typeof ALLOCATORS)[number];

/** What one thread does in one run; plain data, to be sent to it. */
export interface ThreadJob {
  readonly allocator: AllocatorName;
  readonly memory: MemoryHandle;
  readonly board: BoardHandle;
  /** From 1. */
  readonly thread: number;
  /** Whether operations wait for their time; else each starts when the one before has ended. */
  readonly isOpenLoop: boolean;
  /** Whether a thread that waits for less than a moment keeps its core. */
  readonly isSpinning: boolean;
  readonly warmUpNs: number;
  /** From the start to the end, warm-up included; Infinity: when the work is done. */
  readonly durationNs: number;
  /** A stretch of the throughput over time. */
  readonly sliceNs: number;
  readonly work: ChurnWork | ScheduleWork;
}

/** An idle thread sleeps only when there is more time than this: a sleeper wakes up too late. */
const SPIN_NS = 200_000;
/**
 * Most looks at the board between two readings of the clock while a thread waits, and the time left
 * for each. Every reading makes an object, and its collection would be a stall of the driver's own.
 */
const LOOKS_MAX = 100;
const LOOK_NS = 40;

/** Makes the allocator of a job for its thread. */
export type MakeAllocator = (
  job: ThreadJob,
  memory: AllocatorMemory,
  observer: LockObserver,
) => Allocator;

const makeAllocator: MakeAllocator = (job, memory, observer) =>
  job.allocator === "coarse-lock"
    ? new CoarseLockAllocator(memory, job.thread, observer)
    : new LockReducedAllocator(memory, job.thread);

class JobRun {
  readonly #board: ThreadBoard;
  readonly #measures: ThreadMeasures;
  readonly #allocator: Allocator;
  readonly #statistics: Float64Array;
  readonly #threads: ThreadTable;
  readonly #stream: OperationStream;
  #isMeasuring = false;
  /** What `performance.now` said at the start, milliseconds. */
  #startMs = 0;

  constructor(
    private readonly job: ThreadJob,
    make: MakeAllocator,
  ) {
    const memory = AllocatorMemory.attach(job.memory);
    this.#board = ThreadBoard.attach(job.board);
    this.#measures = this.#board.measuresOf(job.thread);
    this.#statistics = statisticsOf(memory.buffer, memory.layout, job.thread);
    this.#threads = new ThreadTable(memory.words, memory.layout);
    this.#allocator = make(job, memory, this.#observer());
    this.#stream =
      job.work.kind === "churn" ? new ChurnStream(job.work) : new ScheduleStream(job.work);
  }

  #observer(): LockObserver {
    const { lockWait, lockHold } = this.#measures.histograms;
    return {
      nowNs: () => this.#nowNs(),
      waited: (durationNs) => {
        if (this.#isMeasuring) lockWait.record(Math.floor(durationNs));
      },
      held: (durationNs) => {
        if (this.#isMeasuring) lockHold.record(Math.floor(durationNs));
      },
    };
  }

  /** Nanoseconds since the start. */
  #nowNs(): number {
    return (performance.now() - this.#startMs) * 1e6;
  }

  run(): void {
    this.#threads.enter(this.job.thread);
    this.#stream.prepare(this.#allocator);
    const goNs = this.#board.waitForAll(() => process.hrtime.bigint());
    this.#startMs = performance.now() - Number(process.hrtime.bigint() - goNs) / 1e6;
    if (this.job.warmUpNs === 0) this.#beginMeasuring();
    const endedNs = this.#performAll();
    this.#measures.counters[Counter.population] = this.#stream.population;
    this.#measures.counters[Counter.measuredNs] = Math.max(0, endedNs - this.job.warmUpNs);
    this.#threads.leave(this.job.thread);
  }

  #beginMeasuring(): void {
    this.#isMeasuring = true;
    this.#statistics[Statistic.lockWaitersMax] = 0;
    this.#measures.statisticsBefore.set(this.#statistics);
  }

  /** Returns when it ended. */
  #performAll(): number {
    const { isOpenLoop, durationNs, warmUpNs } = this.job;
    const board = this.#board;
    const stream = this.#stream;
    let nowNs = this.#nowNs();
    for (let k = 0; ; k++) {
      const intendedNs = stream.intendedNs(k);
      if (board.isStopped || intendedNs === Infinity) return nowNs;
      if (nowNs >= durationNs) {
        if (isOpenLoop) {
          const notStarted = stream.wantedBefore(durationNs) - k;
          this.#measures.counters[Counter.notStarted] = notStarted;
        }
        return durationNs;
      }
      if (isOpenLoop && intendedNs >= durationNs) return durationNs;
      const isIdle = isOpenLoop && nowNs < intendedNs;
      const startNs = isIdle ? this.#waitUntil(intendedNs) : this.#nowNs();
      if (!this.#isMeasuring && (isOpenLoop ? intendedNs : startNs) >= warmUpNs) {
        this.#beginMeasuring();
      }
      const performed = stream.perform(this.#allocator, k);
      nowNs = this.#nowNs();
      if (this.#isMeasuring) this.#note(performed, intendedNs, startNs, nowNs, isIdle);
    }
  }

  #note(
    performed: Performed,
    intendedNs: number,
    startNs: number,
    endNs: number,
    wasIdle: boolean,
  ): void {
    const { counters, histograms, slices } = this.#measures;
    switch (performed) {
      case Performed.assigned:
        counters[Counter.assigned]!++;
        histograms.assign.record(Math.floor(endNs - startNs));
        break;
      case Performed.assignFailed:
        counters[Counter.assignFailed]!++;
        histograms.assign.record(Math.floor(endNs - startNs));
        break;
      case Performed.released:
        counters[Counter.released]!++;
        histograms.release.record(Math.floor(endNs - startNs));
        break;
      case Performed.skipped:
        counters[Counter.skipped]!++;
        return;
    }
    if (this.job.isOpenLoop) {
      histograms.fromIntended.record(Math.floor(endNs - intendedNs));
      if (wasIdle) histograms.driverLag.record(Math.floor(Math.max(0, startNs - intendedNs)));
    }
    const slice = Math.floor((endNs - this.job.warmUpNs) / this.job.sliceNs);
    slices[slice < SLICES_MAX ? slice : SLICES_MAX - 1]!++;
  }

  /** Waits until a moment, or until a stop. Returns the time. */
  #waitUntil(timeNs: number): number {
    const awakeNs = this.job.isSpinning ? SPIN_NS : 0;
    for (;;) {
      const nowNs = this.#nowNs();
      const leftNs = timeNs - nowNs;
      if (leftNs <= 0 || this.#board.isStopped) return nowNs;
      if (leftNs > awakeNs) this.#board.sleep((leftNs - awakeNs) / 1e6);
      else this.#board.look(Math.min(LOOKS_MAX, leftNs / LOOK_NS));
    }
  }
}

/**
 * Performs a job to its end, or to a stop of the board. Blocks its thread.
 *
 * @param make makes the allocator that the job's operations go to.
 * @throws DeadHolder when another thread died holding a lock; what has been measured stays.
 */
export function performJob(job: ThreadJob, make: MakeAllocator = makeAllocator): void {
  try {
    new JobRun(job, make).run();
  } catch (error) {
    // Whoever waits for the dead holds nothing itself.
    if (error instanceof DeadHolder) {
      const { words, layout } = AllocatorMemory.attach(job.memory);
      new ThreadTable(words, layout).leave(job.thread);
    }
    throw error;
  }
}
