import { type Allocator, AssignStatus, ReleaseStatus } from "../allocator/allocator.js";

/** What an operation of a stream was. */
export const Performed = { assigned: 0, assignFailed: 1, released: 2, skipped: 3 } as const;
export type Performed = (typeof Performed)[keyof typeof Performed];

/**
 * The operations of one thread, one after the other. What they are does not depend on when they are
 * performed, nor on what the other threads do, as long as assignments do not fail.
 */
export interface OperationStream {
  /** Pods that hold an address now. */
  readonly population: number;
  /** Brings the population to where it is when measuring starts. */
  prepare(allocator: Allocator): void;
  /** When operation k is wanted, in nanoseconds after the start; Infinity after the last one. */
  intendedNs(k: number): number;
  /** Number of operations that are wanted before this moment. */
  wantedBefore(timeNs: number): number;
  /** Performs operation k; called for 0, 1, 2 and so on. */
  perform(allocator: Allocator, k: number): Performed;
}

/**
 * Pods that come and go on a thread's nodes at a constant rate while their number stays the same: a
 * pod drawn at random gives its address back, and one comes on a node drawn at random.
 */
export interface ChurnWork {
  readonly kind: "churn";
  /** Between two operations of this thread; 0 when there is no schedule. */
  readonly intervalNs: number;
  /** Of the first operation. */
  readonly offsetNs: number;
  /** Nodes that this thread serves. */
  readonly nodes: Int32Array;
  /** Handles from here on belong to this thread. */
  readonly firstHandle: number;
  readonly population: number;
  /** Random whole numbers, used in turn. The number of them is a power of two. */
  readonly draws: Int32Array;
}

export class ChurnStream implements OperationStream {
  /** Handles: those in use before `#used`, free ones from there on. */
  readonly #handles: Int32Array;
  #used = 0;
  #nextDraw = 0;

  constructor(private readonly work: ChurnWork) {
    // One handle more than pods, so that there is a free one when an assignment is due.
    this.#handles = Int32Array.from(
      { length: work.population + 1 },
      (_, i) => work.firstHandle + i,
    );
  }

  get population(): number {
    return this.#used;
  }

  prepare(allocator: Allocator): void {
    for (let i = 0; i < this.work.population; i++) this.#assign(allocator);
  }

  intendedNs(k: number): number {
    return this.work.offsetNs + k * this.work.intervalNs;
  }

  wantedBefore(timeNs: number): number {
    const { offsetNs, intervalNs } = this.work;
    return Math.max(0, Math.ceil((timeNs - offsetNs) / intervalNs));
  }

  perform(allocator: Allocator, k: number): Performed {
    if ((k & 1) === 1) return this.#assign(allocator);
    if (this.#used === 0) return Performed.skipped;
    const handles = this.#handles;
    const at = this.#draw() % this.#used;
    const handle = handles[at]!;
    this.#used--;
    handles[at] = handles[this.#used]!;
    handles[this.#used] = handle;
    const status = allocator.releaseByHandle(handle);
    return status === ReleaseStatus.released ? Performed.released : Performed.skipped;
  }

  #assign(allocator: Allocator): Performed {
    if (this.#used === this.#handles.length) return Performed.skipped;
    const { nodes } = this.work;
    const node = nodes[this.#draw() % nodes.length]!;
    const status = allocator.assign(node, this.#handles[this.#used]!, 1, 0);
    if (status !== AssignStatus.complete) return Performed.assignFailed;
    this.#used++;
    return Performed.assigned;
  }

  #draw(): number {
    const { draws } = this.work;
    const draw = draws[this.#nextDraw]!;
    this.#nextDraw = (this.#nextDraw + 1) & (draws.length - 1);
    return draw;
  }
}

/** A workload that is known beforehand: what is wanted when. Arrays of one length. */
export interface ScheduleWork {
  readonly kind: "schedule";
  /** Ascending. */
  readonly timesNs: Float64Array;
  readonly handles: Int32Array;
  /** Node of an assignment; -1 is a release. */
  readonly nodes: Int32Array;
}

export class ScheduleStream implements OperationStream {
  population = 0;

  constructor(private readonly work: ScheduleWork) {}

  prepare(): void {
    // A schedule starts from nothing.
  }

  intendedNs(k: number): number {
    return k < this.work.timesNs.length ? this.work.timesNs[k]! : Infinity;
  }

  wantedBefore(timeNs: number): number {
    const { timesNs } = this.work;
    let low = 0;
    let high = timesNs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (timesNs[middle]! < timeNs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  perform(allocator: Allocator, k: number): Performed {
    const handle = this.work.handles[k]!;
    const node = this.work.nodes[k]!;
    if (node < 0) {
      const status = allocator.releaseByHandle(handle);
      if (status !== ReleaseStatus.released) return Performed.skipped;
      this.population--;
      return Performed.released;
    }
    const status = allocator.assign(node, handle, 1, 0);
    if (status !== AssignStatus.complete) return Performed.assignFailed;
    this.population++;
    return Performed.assigned;
  }
}
