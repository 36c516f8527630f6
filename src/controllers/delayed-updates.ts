import type { Activity, Kernel } from "../simulation/kernel.js";
import type { CollectorUpdate } from "./collector-loop.js";

/** What a watch delivers: an update of Calico's objects, or an event of Kubernetes. */
export type WatchEvent =
  | CollectorUpdate
  | { readonly kind: "kubernetesNodeDeleted" }
  | { readonly kind: "podDeleted"; readonly node: string };

/** Delivered events that are kept before they are dropped together. */
const DELIVERED_MAX = 1024;

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
    if (this.#first === this.#events.length) {
      this.cancel();
      return;
    }
    // In a busy cluster something is always on its way: what has arrived must go all the same.
    if (this.#first > DELIVERED_MAX) {
      this.#events = this.#events.slice(this.#first);
      this.#dueUs = this.#dueUs.slice(this.#first);
      this.#first = 0;
    }
    this.kernel.schedule(this.#dueUs[this.#first]!, this);
  }
}
