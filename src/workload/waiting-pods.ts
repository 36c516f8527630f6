import type { Activity, Kernel } from "../simulation/kernel.js";
import type { Pod } from "./pod.js";
import type { PodGroup } from "./pod-group.js";

/** Pods that wait for a node; of a group, those that were wanted first are served first. */
export class WaitingPods implements Activity {
  readonly #pods = new Map<PodGroup, Set<Pod>>();
  #count = 0;
  #isDue = false;

  constructor(
    private readonly kernel: Kernel,
    private readonly start: (pod: Pod, node: number) => void,
  ) {}

  get count(): number {
    return this.#count;
  }

  add(pod: Pod, group: PodGroup): void {
    const pods = this.#pods.get(group);
    if (pods === undefined) this.#pods.set(group, new Set([pod]));
    else pods.add(pod);
    this.#count++;
    group.counts.waited++;
    group.counts.waiting++;
  }

  /** The pod is not wanted any more. */
  remove(pod: Pod): void {
    for (const pods of this.#pods.values()) if (pods.delete(pod)) this.#forget(pod);
  }

  #forget(pod: Pod): void {
    this.#count--;
    pod.owner.counts.waiting--;
  }

  /**
   * A node has room. The scheduler looks once the present event is over, so that it never runs in
   * the middle of what an executor does.
   */
  tryAgain(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.kernel.schedule(this.kernel.nowUs, this);
  }

  wake(): void {
    this.#isDue = false;
    for (const [group, pods] of this.#pods) {
      for (const pod of pods) {
        const node = group.placement.place();
        if (node === undefined) break;
        pods.delete(pod);
        this.#forget(pod);
        this.start(pod, node);
      }
    }
  }
}
