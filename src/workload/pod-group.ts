import type { GroupCounts } from "./group-counts.js";
import type { Placement } from "./placement.js";
import type { PodListener, PodOwner } from "./pod.js";

/** The pods of one executor: where they are placed, how long they live, and what became of them. */
export class PodGroup implements PodOwner {
  readonly counts: GroupCounts = {
    wanted: 0,
    started: 0,
    notStarted: 0,
    ready: 0,
    removed: 0,
    dropped: 0,
  };
  listener: PodListener = {};
  #nextPod = 0;

  constructor(
    readonly name: string,
    readonly namespace: string,
    readonly placement: Placement,
    /** Whether its pods may run on a node with these labels. */
    readonly accepts: (labels: Readonly<Record<string, string>>) => boolean,
    /** Draws the lifetime of the next pod; Infinity is for ever. */
    readonly lifetimeUs: () => number,
  ) {}

  /** A name that no other pod has. */
  nextName(): string {
    return `${this.name}-${this.#nextPod++}`;
  }
}
