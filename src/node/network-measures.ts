import { BoundedSeries } from "../metrics/bounded-series.js";
import { IntegerHistogram } from "../metrics/integer-histogram.js";
import { LatencyHistogram } from "../metrics/latency-histogram.js";
import type { PluginProcess } from "./plugin-process.js";

/** What is counted around the allocator: ADDs and DELs, locks, limits, requests. Times are microseconds. */
export class NetworkMeasures {
  addsStarted = 0;
  addsSucceeded = 0;
  addsFailed = 0;
  addsKilled = 0;
  /** ADDs of pods that vanished meanwhile. */
  addsLost = 0;
  delsSucceeded = 0;
  delsFailed = 0;
  conflicts = 0;
  /** Starts of calico-node on nodes that joined. */
  nodeStarts = 0;
  failedNodeStarts = 0;
  /** From when the schedule wanted a pod until its network was ready. */
  readonly ready = new LatencyHistogram();
  /** Of that, what passed before the ADD that succeeded: failed ones and the pauses after them. */
  readonly retries = new LatencyHistogram();
  readonly attempts = new IntegerHistogram();
  readonly succeededAdd = new LatencyHistogram();
  readonly failedAdd = new LatencyHistogram();
  readonly del = new LatencyHistogram();
  readonly lockHeld = new LatencyHistogram();
  /** Where the time of ADDs goes. */
  readonly phases = {
    processStart: new LatencyHistogram(),
    lockWait: new LatencyHistogram(),
    limiterWait: new LatencyHistogram(),
    datastore: new LatencyHistogram(),
  };
  readonly requestsPerAdd = new IntegerHistogram();
  /** API requests a second, by the second. */
  readonly requestRate = new BoundedSeries();
  readonly podsWithoutNetwork = new BoundedSeries();
  readonly leakedAddresses = new BoundedSeries();
  readonly leakedHandles = new BoundedSeries();
  /** What operators read, with a placeholder for the sandbox. */
  readonly texts = new Map<string, number>();

  noteAdd(process: PluginProcess, startedUs: number, isFine: boolean): void {
    const { nowUs } = process;
    const { phases } = this;
    (isFine ? this.succeededAdd : this.failedAdd).record(nowUs - startedUs);
    phases.processStart.record(process.startedUs - startedUs);
    phases.lockWait.record(process.lockWaitUs);
    phases.limiterWait.record(process.limiterWaitUs);
    phases.datastore.record(process.datastoreUs);
    this.noteLock(process);
    this.requestsPerAdd.record(process.requests);
  }

  noteDel(process: PluginProcess, isFine: boolean): void {
    if (isFine) this.delsSucceeded++;
    else this.delsFailed++;
    this.del.record(process.nowUs - process.startedUs);
    this.noteLock(process);
  }

  noteText(text: string): void {
    this.texts.set(text, (this.texts.get(text) ?? 0) + 1);
  }

  private noteLock(process: PluginProcess): void {
    if (process.lockHeldUs > 0) this.lockHeld.record(process.lockHeldUs);
  }
}
