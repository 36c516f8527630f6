import type { MemoryDatastore } from "../datastore/memory.js";
import { LatencyHistogram } from "../metrics/latency-histogram.js";

/** How long addresses that nobody will release stay allocated until garbage collection finds them. */
export class LeakAges {
  /** From when the last one who could release an address was gone until it was reclaimed. */
  readonly lag = new LatencyHistogram();
  /** Reclaimed addresses whose beginning was not seen. */
  unknown = 0;
  /** Handles left behind, with when. */
  readonly #sinceUs = new Map<string, number>();

  constructor(private readonly datastore: MemoryDatastore) {}

  /** Nobody will release this handle any more; it matters only if there is such a handle. */
  noteAbandoned(handle: string, nowUs: number): void {
    if (this.datastore.hasHandle(handle)) this.#sinceUs.set(handle, nowUs);
  }

  noteReclaimed(handle: string, nowUs: number): void {
    const sinceUs = this.#sinceUs.get(handle);
    if (sinceUs === undefined) this.unknown++;
    else this.lag.record(nowUs - sinceUs);
  }
}
