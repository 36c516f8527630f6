import type { TraceEvent } from "./trace-event.js";

interface Pending {
  readonly timeUs: number;
  /** Place among events of the same time; unique. */
  readonly rank: number;
  readonly event: TraceEvent;
}

function before(a: Pending, b: Pending): boolean {
  return a.timeUs < b.timeUs || (a.timeUs === b.timeUs && a.rank < b.rank);
}

/** Events that wait for their time: a binary heap by time, then rank. */
export class PendingEvents {
  readonly #heap: Pending[] = [];

  get size(): number {
    return this.#heap.length;
  }

  push(event: TraceEvent, rank: number): void {
    const heap = this.#heap;
    const entry = { timeUs: event.timeUs, rank, event };
    let i = heap.length;
    heap.push(entry);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(entry, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = entry;
  }

  /** Takes the first event if its time is before the given one. */
  popBefore(timeUs: number): TraceEvent | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.timeUs >= timeUs) return undefined;
    const last = this.#heap.pop()!;
    if (this.#heap.length > 0) this.#sink(last);
    return first.event;
  }

  #sink(entry: Pending): void {
    const heap = this.#heap;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, entry)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = entry;
  }
}
