import type { Distribution } from "../formats/scenario/distribution.js";
import { type GroupCounts, noCounts } from "./group-counts.js";
import type { Placement } from "./placement.js";
import type { PodListener, PodOwner } from "./pod.js";

export interface PodGroupOptions {
  readonly name: string;
  readonly namespace: string;
  readonly placement: Placement;
  /** Whether its pods may run on a node with these labels. */
  readonly accepts: (labels: Readonly<Record<string, string>>) => boolean;
  /** Draws the lifetime of the next pod; Infinity is for ever. */
  readonly lifetimeUs: () => number;
  /** The law of those draws; absent: for ever, or not known. */
  readonly lifetime?: Distribution | undefined;
  /** Whether a pod that finds no node waits for one; otherwise it is given up. */
  readonly waits: boolean;
}

/** The pods of one executor: where they are placed, how long they live, and what became of them. */
export class PodGroup implements PodOwner {
  readonly name: string;
  readonly namespace: string;
  readonly placement: Placement;
  readonly accepts: PodGroupOptions["accepts"];
  readonly lifetimeUs: () => number;
  readonly lifetime: Distribution | undefined;
  readonly waits: boolean;
  readonly counts: GroupCounts = noCounts();
  listener: PodListener = {};
  #nextPod = 0;

  constructor(options: PodGroupOptions) {
    this.name = options.name;
    this.namespace = options.namespace;
    this.placement = options.placement;
    this.accepts = options.accepts;
    this.lifetimeUs = options.lifetimeUs;
    this.lifetime = options.lifetime;
    this.waits = options.waits;
  }

  /** A name that no other pod has. */
  nextName(): string {
    return `${this.name}-${this.#nextPod++}`;
  }
}
