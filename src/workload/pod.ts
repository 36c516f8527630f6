import type { Activity } from "../simulation/kernel.js";
import type { GroupCounts } from "./group-counts.js";
import type { ClusterNode, PodRef } from "./pod-network.js";

/** `starting` until its network is there, `running`, `ending` during CNI DEL, then `gone`. */
export type PodState = "starting" | "running" | "ending" | "gone";

/** What an executor is told of its pods. */
export interface PodListener {
  podReady?(pod: Pod): void;
  /** The pod is gone, in peace or not; its place on the node is free. */
  podGone?(pod: Pod): void;
}

/** Who wanted a pod: whose counts it is in, and who is told of it. */
export interface PodOwner {
  readonly name: string;
  readonly namespace: string;
  readonly counts: GroupCounts;
  readonly listener: PodListener;
}

/** A pod from the time it has a node. The kernel wakes it when its life is over. */
export class Pod implements PodRef, Activity {
  state: PodState = "starting";

  constructor(
    readonly name: string,
    readonly owner: PodOwner,
    readonly node: ClusterNode,
    readonly intendedUs: number,
    /** How long it runs once it is ready; Infinity is for ever. */
    readonly lifetimeUs: number,
    private readonly end: (pod: Pod) => void,
  ) {}

  get namespace(): string {
    return this.owner.namespace;
  }

  get group(): string {
    return this.owner.name;
  }

  wake(): void {
    this.end(this);
  }
}
