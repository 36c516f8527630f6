import { BoundedSeries } from "../metrics/bounded-series.js";
import { IntegerHistogram } from "../metrics/integer-histogram.js";
import { LatencyHistogram } from "../metrics/latency-histogram.js";

/** The first time that something failed for a reason, and how often it did. */
interface FailureCount {
  /** Calico's own text. */
  readonly reason: string;
  count: number;
  readonly firstTimeUs: number;
  readonly firstPod: string;
  readonly firstNode: string;
}

/** What every model counts while pods come and go. */
export class ChurnMeasures {
  assigned = 0;
  assignFailed = 0;
  released = 0;
  /** Releases of pods that had no address, which Calico answers with "does not exist". */
  releasedNothing = 0;
  borrowedEver = 0;
  /** Addresses that no pod holds. */
  leakedAddresses = 0;
  addressesPeak = 0;
  borrowedPeak = 0;
  blocksPeak = 0;
  readonly failures = new Map<string, FailureCount>();
  readonly assignCalls = new IntegerHistogram();
  readonly releaseCalls = new IntegerHistogram();
  /** Microseconds from an address's release to its next assignment. */
  readonly reuse = new LatencyHistogram();
  readonly addresses = new BoundedSeries();
  readonly blocks = new BoundedSeries();
  readonly borrowed = new BoundedSeries();

  noteFailure(reason: string, timeUs: number, pod: string, node: string): void {
    const known = this.failures.get(reason);
    if (known !== undefined) {
      known.count++;
      return;
    }
    const first = { firstTimeUs: timeUs, firstPod: pod, firstNode: node };
    this.failures.set(reason, { reason, count: 1, ...first });
  }

  /** To be called after every operation. */
  noteState(timeUs: number, addresses: number, blocks: number, borrowed: number): void {
    this.addresses.record(timeUs, addresses);
    this.blocks.record(timeUs, blocks);
    this.borrowed.record(timeUs, borrowed);
    if (addresses > this.addressesPeak) this.addressesPeak = addresses;
    if (borrowed > this.borrowedPeak) this.borrowedPeak = borrowed;
    if (blocks > this.blocksPeak) this.blocksPeak = blocks;
  }
}
