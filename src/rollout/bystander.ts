import type { RolloutWave, WaveHealth } from "../formats/result/rollout-result.js";
import type { SimulationResult } from "../formats/result/simulation-result.js";
import type { Activity } from "../simulation/kernel.js";
import type { PodRef } from "../workload/pod-network.js";
import type { ConductedCluster, Conductor } from "./conducted-cluster.js";
import { HealthWindow } from "./health-window.js";

/** Does nothing to a cluster, and measures it in the same stretches as a rollout was watched in. */
export class Bystander implements Conductor, Activity {
  readonly health: WaveHealth[] = [];
  isOver = false;
  stateAfter: SimulationResult | undefined;
  #cluster!: ConductedCluster;
  #window: HealthWindow | undefined;

  /** @param waves one after the other, without gaps. */
  constructor(private readonly waves: readonly Pick<RolloutWave, "health">[]) {}

  begin(cluster: ConductedCluster): void {
    this.#cluster = cluster;
    cluster.kernel.schedule(this.waves[0]!.health.fromUs, this);
  }

  wake(): void {
    const { kernel } = this.#cluster;
    const now = this.#cluster.resultNow();
    if (this.#window !== undefined) this.health.push(this.#window.health(now, kernel.nowUs));
    const next = this.waves[this.health.length];
    if (next === undefined) {
      this.stateAfter = now;
      this.isOver = true;
      return;
    }
    this.#window = new HealthWindow(now, kernel.nowUs);
    kernel.schedule(next.health.toUs, this);
  }

  podReady(pod: PodRef, timeUs: number): void {
    this.#window?.podReady(pod, timeUs);
  }
}
