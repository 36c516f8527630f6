import { STATISTICS_LENGTH } from "../allocator/layout.js";
import { LatencyHistogram } from "../metrics/latency-histogram.js";

/** What is timed, in nanoseconds. */
export const TIMED = [
  /** Service time of an assignment, from its start to its end. */
  "assign",
  /** Service time of a release. */
  "release",
  /** From the moment that the schedule wanted an operation to its end. */
  "fromIntended",
  /** How late an idle thread started an operation: the driver's own doing. */
  "driverLag",
  "lockWait",
  "lockHold",
] as const;
export type Timed = (typeof TIMED)[number];

/** Words of the control part. */
const Control = { ready: 0, go: 1, stop: 2 } as const;
const CONTROL_BYTES = 64;
const GO_NS_AT = 32;

/** Doubles of a thread's counters. */
export const Counter = {
  assigned: 0,
  assignFailed: 1,
  released: 2,
  /** Operations whose time came before the end, and that had not started by then. */
  notStarted: 3,
  /** Operations that had nothing to do: nothing to release, or nothing assigned to release. */
  skipped: 4,
  /** Pods that hold an address at the end. */
  population: 5,
  /** Length of the measured time, nanoseconds. */
  measuredNs: 6,
} as const;
const COUNTERS = 16;

/** Most stretches of the throughput over time. */
export const SLICES_MAX = 600;

const THREAD_DOUBLES =
  COUNTERS + STATISTICS_LENGTH + SLICES_MAX + TIMED.length * LatencyHistogram.slots;

/** Plain data from which a thread attaches to the board. */
export interface BoardHandle {
  readonly buffer: SharedArrayBuffer;
  readonly threadCount: number;
}

/** What one thread writes and the main thread reads. */
export interface ThreadMeasures {
  readonly counters: Float64Array;
  /** The allocator's statistics when measuring began. */
  readonly statisticsBefore: Float64Array;
  /** Operations by stretch of time. */
  readonly slices: Float64Array;
  readonly histograms: Readonly<Record<Timed, LatencyHistogram>>;
}

/** Shared memory by which the threads of a run start together, are stopped, and tell what they did. */
export class ThreadBoard {
  readonly #control: Int32Array;
  readonly #goNs: BigInt64Array;

  private constructor(readonly handle: BoardHandle) {
    this.#control = new Int32Array(handle.buffer, 0, CONTROL_BYTES / 4);
    this.#goNs = new BigInt64Array(handle.buffer, GO_NS_AT, 1);
  }

  static create(threadCount: number): ThreadBoard {
    const sizeBytes = CONTROL_BYTES + threadCount * THREAD_DOUBLES * 8;
    return new ThreadBoard({ buffer: new SharedArrayBuffer(sizeBytes), threadCount });
  }

  static attach(handle: BoardHandle): ThreadBoard {
    return new ThreadBoard(handle);
  }

  /** Measures of a thread; threads count from 1. */
  measuresOf(thread: number): ThreadMeasures {
    let at = CONTROL_BYTES + (thread - 1) * THREAD_DOUBLES * 8;
    const take = (length: number): Float64Array => {
      const part = new Float64Array(this.handle.buffer, at, length);
      at += length * 8;
      return part;
    };
    const counters = take(COUNTERS);
    const statisticsBefore = take(STATISTICS_LENGTH);
    const slices = take(SLICES_MAX);
    const histogram = () => new LatencyHistogram(take(LatencyHistogram.slots));
    const histograms = Object.fromEntries(TIMED.map((name) => [name, histogram()]));
    return {
      counters,
      statisticsBefore,
      slices,
      histograms: histograms as Record<Timed, LatencyHistogram>,
    };
  }

  /**
   * Waits until every thread is here.
   *
   * @param nowNs reads the clock that all threads share.
   * @returns the moment that the last one came, the same for all.
   */
  waitForAll(nowNs: () => bigint): bigint {
    const control = this.#control;
    if (Atomics.add(control, Control.ready, 1) + 1 === this.handle.threadCount) {
      Atomics.store(this.#goNs, 0, nowNs());
      Atomics.store(control, Control.go, 1);
      Atomics.notify(control, Control.go);
    }
    while (Atomics.load(control, Control.go) === 0 && !this.isStopped) {
      Atomics.wait(control, Control.go, 0, 100);
    }
    return Atomics.load(this.#goNs, 0);
  }

  get hasStarted(): boolean {
    return Atomics.load(this.#control, Control.go) === 1;
  }

  get isStopped(): boolean {
    return Atomics.load(this.#control, Control.stop) !== 0;
  }

  /** Makes every thread end after its current operation. */
  stop(): void {
    Atomics.store(this.#control, Control.stop, 1);
    Atomics.notify(this.#control, Control.stop);
  }

  /** Lets a moment pass: so many looks for a stop, unless there is one. */
  look(times: number): void {
    for (let left = times; left > 0 && !this.isStopped; left--);
  }

  /** Sleeps, but not longer than to a stop. */
  sleep(durationMs: number): void {
    Atomics.wait(this.#control, Control.stop, 0, durationMs);
  }
}
