import type { ExecutorOf } from "../../formats/scenario/scenario.js";
import type { Activity, Kernel } from "../../simulation/kernel.js";
import type { ExecutorRun } from "../executor-run.js";
import type { DurationSampler } from "../lifetime.js";
import type { ClusterNode } from "../pod-network.js";
import type { WorkloadHost } from "../workload-host.js";

/**
 * A cluster autoscaler (`kubernetes/autoscaler cluster-autoscaler/FAQ.md`): every few seconds it
 * orders nodes for the pods that wait, as many as they fill by their number alone, and takes away
 * those of its own that have been empty for long. It does not move pods to empty a node.
 */
export class Autoscale implements ExecutorRun, Activity {
  readonly group = undefined;
  /** Its nodes, with the time since when each is empty; undefined while it is not. */
  readonly #emptySinceUs = new Map<ClusterNode, number | undefined>();
  #ordered = 0;
  #nextName = 0;

  constructor(
    private readonly host: WorkloadHost,
    private readonly kernel: Kernel,
    private readonly settings: ExecutorOf<"autoscale">,
    private readonly startupUs: DurationSampler,
  ) {}

  start(): void {
    this.kernel.schedule(this.settings.startAfter, this);
  }

  wake(): void {
    this.#scaleUp();
    this.#scaleDown();
    const { startAfter, runs, scanEvery } = this.settings;
    const nextUs = this.kernel.nowUs + scanEvery;
    if (nextUs <= startAfter + runs) this.kernel.schedule(nextUs, this);
  }

  #scaleUp(): void {
    const { nodesMax } = this.settings;
    const needed = Math.ceil(this.host.waitingCount / this.host.maxPods) - this.#coming();
    const room = nodesMax - this.#emptySinceUs.size - this.#ordered;
    for (let i = 0; i < Math.min(needed, room); i++) {
      this.#ordered++;
      const join = { wake: () => this.#join() };
      this.kernel.schedule(this.kernel.nowUs + this.startupUs(), join);
    }
  }

  /** Nodes that are ordered, or there but without a pod yet. */
  #coming(): number {
    let coming = this.#ordered;
    for (const { index } of this.#emptySinceUs.keys()) {
      if (this.host.podCount(index) === 0) coming++;
    }
    return coming;
  }

  #join(): void {
    this.#ordered--;
    const { namePrefix, labels } = this.settings;
    const number = String(this.#nextName++).padStart(4, "0");
    const node = this.host.joinNode(`${namePrefix}${number}`, labels);
    this.#emptySinceUs.set(node, undefined);
  }

  #scaleDown(): void {
    const { removeAfter, removeAtOnce } = this.settings;
    let left = removeAtOnce;
    for (const [node, emptySinceUs] of this.#emptySinceUs) {
      if (this.host.isLost(node)) {
        this.#emptySinceUs.delete(node);
      } else if (this.host.podCount(node.index) > 0) {
        this.#emptySinceUs.set(node, undefined);
      } else if (emptySinceUs === undefined) {
        this.#emptySinceUs.set(node, this.kernel.nowUs);
      } else if (left > 0 && this.kernel.nowUs - emptySinceUs >= removeAfter) {
        left--;
        this.#emptySinceUs.delete(node);
        this.host.deleteNode(node);
      }
    }
  }
}
