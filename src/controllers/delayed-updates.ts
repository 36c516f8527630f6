import type { Activity, Kernel } from "../simulation/kernel.js";
import type { CollectorUpdate } from "./collector-loop.js";

/** What a watch delivers: an update of Calico's objects, or an event of Kubernetes. */
export type WatchEvent =
  | CollectorUpdate
  | { readonly kind: "kubernetesNodeDeleted" }
  | { readonly kind: "podDeleted"; readonly node: string };

/** A watch's events on their way: each arrives after the same time, so they keep their order. */
export class DelayedUpdates implements Activity {
  #events: WatchEvent[] = [];
  #dueUs: number[] = [];
  #first = 0;

  constructor(
    private readonly kernel: Kernel,
    private readonly latencyUs: number,
    private readonly deliver: (event: WatchEvent) => void,
  ) {}

  send(event: WatchEvent): void {
    const dueUs = this.kernel.nowUs + this.latencyUs;
    this.#events.push(event);
    this.#dueUs.push(dueUs);
    if (this.#events.length - this.#first === 1) this.kernel.schedule(dueUs, this);
  }

  /** Nothing of what is on its way arrives. */
  cancel(): void {
    this.#events = [];
    this.#dueUs = [];
    this.#first = 0;
  }

  wake(): void {
    const { nowUs } = this.kernel;
    while (this.#first < this.#events.length && this.#dueUs[this.#first]! <= nowUs) {
      this.deliver(this.#events[this.#first++]!);
    }
    if (this.#first === this.#events.length) this.cancel();
    else this.kernel.schedule(this.#dueUs[this.#first]!, this);
  }
}
