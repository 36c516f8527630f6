import type { RolloutWave } from "../formats/result/rollout-result.js";
import type { SimulationResult } from "../formats/result/simulation-result.js";
import type { PodRef } from "../workload/pod-network.js";
import type { ConductedCluster } from "./conducted-cluster.js";
import { HealthWindow } from "./health-window.js";

/** A wave is looked at so many times. */
export const SLICES = 10;

type Slice = RolloutWave["slices"][number];

/** Watches one wave: its health as a whole, and slice by slice. */
export class WaveWatch {
  readonly slices: Slice[] = [];
  readonly #whole: HealthWindow;
  #slice: HealthWindow;

  constructor(
    private readonly cluster: ConductedCluster,
    begun: SimulationResult,
  ) {
    const { nowUs } = cluster.kernel;
    this.#whole = new HealthWindow(begun, nowUs);
    this.#slice = new HealthWindow(begun, nowUs);
  }

  podReady(pod: PodRef, timeUs: number): void {
    this.#whole.podReady(pod, timeUs);
    this.#slice.podReady(pod, timeUs);
  }

  /** Ends a slice. @returns the health of the wave until now. */
  look(now: SimulationResult): RolloutWave["health"] {
    const { nowUs } = this.cluster.kernel;
    const { allocations, readyUs, ...part } = this.#slice.health(now, nowUs);
    this.slices.push({
      toUs: nowUs,
      succeeded: allocations.succeeded,
      failed: allocations.failed,
      readyUs,
      leakedAddresses: part.leakedAddresses,
      podsWithoutNetwork: part.podsWithoutNetwork,
    });
    this.#slice = new HealthWindow(now, nowUs);
    return this.#whole.health(now, nowUs);
  }
}
