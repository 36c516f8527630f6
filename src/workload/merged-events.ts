import type { TraceEvent } from "../formats/traces/trace-event.js";

/** A stream of events in order of time, in batches. */
export type EventBatches = AsyncIterable<readonly TraceEvent[]>;

/** An event, and which of the merged streams it is from. */
export interface MergedEvent extends TraceEvent {
  readonly source: number;
}

class Cursor {
  #batch: readonly TraceEvent[] = [];
  #next = 0;
  readonly #batches: AsyncIterator<readonly TraceEvent[]>;

  constructor(
    stream: EventBatches,
    readonly source: number,
  ) {
    this.#batches = stream[Symbol.asyncIterator]();
  }

  get event(): TraceEvent | undefined {
    return this.#batch[this.#next];
  }

  /** Goes on to the next event; there is none when `event` is undefined afterwards. */
  async advance(): Promise<void> {
    this.#next++;
    while (this.#next >= this.#batch.length) {
      const next = await this.#batches.next();
      if (next.done === true) {
        this.#batch = [];
        return;
      }
      this.#batch = next.value;
      this.#next = 0;
    }
  }
}

const BATCH_EVENTS = 1024;

/**
 * Several streams as one, in order of time; at equal times the earlier stream first. A single stream
 * passes in whole batches.
 */
export async function* mergeEvents(
  streams: readonly EventBatches[],
): AsyncGenerator<readonly MergedEvent[]> {
  const [only] = streams;
  if (streams.length === 1 && only !== undefined) {
    for await (const batch of only) yield batch.map((event) => ({ ...event, source: 0 }));
    return;
  }
  const cursors = streams.map((stream, source) => new Cursor(stream, source));
  for (const cursor of cursors) await cursor.advance();
  let merged: MergedEvent[] = [];
  for (;;) {
    let earliest: Cursor | undefined;
    for (const cursor of cursors) {
      if (cursor.event === undefined) continue;
      if (earliest?.event === undefined || cursor.event.timeUs < earliest.event.timeUs) {
        earliest = cursor;
      }
    }
    if (earliest?.event === undefined) break;
    merged.push({ ...earliest.event, source: earliest.source });
    await earliest.advance();
    if (merged.length >= BATCH_EVENTS) {
      yield merged;
      merged = [];
    }
  }
  if (merged.length > 0) yield merged;
}
