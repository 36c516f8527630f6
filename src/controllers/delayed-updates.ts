import { DueQueue } from "../simulation/due-queue.js";
import type { Activity, Kernel } from "../simulation/kernel.js";
import type { CollectorUpdate } from "./collector-loop.js";

/** What a watch delivers: an update of Calico's objects, or an event of Kubernetes. */
export type WatchEvent =
  | CollectorUpdate
  | { readonly kind: "kubernetesNodeDeleted" }
  | { readonly kind: "podDeleted"; readonly node: string };

/** A watch's events on their way: each arrives after the same time, so they keep their order. */
export class DelayedUpdates implements Activity {
  readonly #onTheirWay = new DueQueue<WatchEvent>();

  constructor(
    private readonly kernel: Kernel,
    private readonly latencyUs: number,
    private readonly deliver: (event: WatchEvent) => void,
  ) {}

  send(event: WatchEvent): void {
    const dueUs = this.kernel.nowUs + this.latencyUs;
    this.#onTheirWay.push(event, dueUs);
    if (this.#onTheirWay.length === 1) this.kernel.schedule(dueUs, this);
  }

  /** Nothing of what is on its way arrives. */
  cancel(): void {
    this.#onTheirWay.clear();
  }

  wake(): void {
    const events = this.#onTheirWay;
    while (events.length > 0 && events.firstDueUs <= this.kernel.nowUs) {
      this.deliver(events.shift());
    }
    if (events.length > 0) this.kernel.schedule(events.firstDueUs, this);
  }
}
