import type { WaveHealth } from "../formats/result/rollout-result.js";
import type { SimulationResult } from "../formats/result/simulation-result.js";
import { LatencyHistogram } from "../metrics/latency-histogram.js";
import type { PodRef } from "../workload/pod-network.js";

const ratio = (good: number, bad: number): number | null =>
  good + bad === 0 ? null : good / (good + bad);

/**
 * The health of a cluster over a stretch of its run: what was counted since its beginning. The stretch
 * ends when the next one begins.
 */
export class HealthWindow {
  readonly #ready = new LatencyHistogram();

  /** @param begun what the run had come to at the beginning of the window. */
  constructor(
    private readonly begun: SimulationResult,
    private readonly fromUs: number,
  ) {}

  podReady({ intendedUs }: PodRef, timeUs: number): void {
    this.#ready.record(timeUs - intendedUs);
  }

  /** @param now what the run has come to. */
  health(now: SimulationResult, toUs: number): WaveHealth {
    const { begun, fromUs } = this;
    const since = (read: (result: SimulationResult) => number) => read(now) - read(begun);
    const succeeded = since(({ operations }) => operations.assignments.succeeded);
    const failed = since(({ operations }) => operations.assignments.failed);
    const released = since(({ operations }) => operations.releases.done);
    const failedDels = since(({ cluster }) => cluster?.dels.failed ?? 0);
    return {
      fromUs,
      toUs,
      allocations: { succeeded, failed, successRatio: ratio(succeeded, failed) },
      releases: { succeeded: released, failed: failedDels },
      operationSuccessRatio: ratio(succeeded + released, failed + failedDels),
      readyUs: now.cluster === null ? null : this.#ready.summary(),
      leakedAddresses: now.leaks.addresses,
      newLeakedAddresses: since(({ leaks }) => leaks.addresses),
      podsWithoutNetwork: now.cluster?.podsWithoutNetwork.final ?? null,
    };
  }
}
