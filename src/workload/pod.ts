import type { Activity } from "../simulation/kernel.js";
import type { Distribution } from "../formats/scenario/distribution.js";
import type { GroupCounts } from "./group-counts.js";
import type { ClusterNode, PodRef } from "./pod-network.js";

/**
 * `waiting` for a node, `starting` until its network is there, `running`, `ending` during CNI DEL,
 * `lost` while Kubernetes has not noticed that its machine is gone, then `gone`.
 */
export type PodState = "waiting" | "starting" | "running" | "ending" | "lost" | "gone";

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
  /** The law of its pods' lifetimes; absent: for ever, or not known. */
  readonly lifetime?: Distribution | undefined;
}

/** A pod from the time it is wanted. The kernel wakes it when its life is over. */
export class Pod implements PodRef, Activity {
  state: PodState = "waiting";
  /** When its life is over; a wake before that is of an end that was put off. */
  endsUs = 0;
  inNetwork: object | undefined = undefined;
  #node: ClusterNode | undefined;

  constructor(
    readonly name: string,
    readonly owner: PodOwner,
    readonly intendedUs: number,
    /** How long it runs once it is ready; Infinity is for ever. */
    public lifetimeUs: number,
    private readonly end: (pod: Pod) => void,
  ) {}

  /** The node it is on; only a pod that waits has none. */
  get node(): ClusterNode {
    if (this.#node === undefined) throw new RangeError(`${this.name} has no node yet`);
    return this.#node;
  }

  /** The scheduler binds it to a node. */
  bind(node: ClusterNode): void {
    this.#node = node;
    this.state = "starting";
  }

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
