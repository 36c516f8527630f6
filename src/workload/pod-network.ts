import type { AddressNumber } from "../model/address.js";
import type { Cidr } from "../model/cidr.js";

/** A node of the cluster while it is there. One that comes back under its name is another one. */
export interface ClusterNode {
  /** From 0 in the order of joining; never used twice. */
  readonly index: number;
  readonly name: string;
  /** A change of the scenario may set others. */
  readonly labels: Readonly<Record<string, string>>;
}

/** A pod that has a node. The same object stands for it in every call. */
export interface PodRef {
  /** Unique among the pods that the network knows. */
  readonly name: string;
  readonly namespace: string;
  /** The executor that made it. */
  readonly group: string;
  readonly node: ClusterNode;
  /** When the schedule wanted it, microseconds: latencies are counted from here. */
  readonly intendedUs: number;
  /** What the network that has the pod knows it by. The network's own; nobody else looks at it. */
  inNetwork?: object | undefined;
}

/**
 * How a node goes. `killed`: the machine stops, and with it everything on it; no CNI DEL runs.
 * `deleted`: the node object is removed from Kubernetes; by then no machine stands behind it.
 */
export type NodeLoss = "killed" | "deleted";

/** What a pod of the initial state holds. */
export interface InitialAddresses {
  /** The pod's own name and namespace, as Kubernetes and IPAM's attributes have them. */
  readonly identity: { readonly namespace: string; readonly name: string };
  readonly handle: string;
  readonly addresses: readonly AddressNumber[];
  /** By address, the block that it is in. */
  readonly blocks: readonly Cidr[];
}

/**
 * The network side of a cluster, as its workload sees it. Every answer comes through
 * {@link PodNetworkEvents}, maybe before the call returns.
 */
export interface PodNetwork {
  /** A machine starts and registers its node; answered by `nodeReady`. */
  nodeJoined(node: ClusterNode): void;
  /** `killed` takes all pods of the node along; `deleted` comes when it has none, or after `killed`. */
  nodeLeft(node: ClusterNode, how: NodeLoss): void;
  /** The kubelet starts the pod's sandbox; answered by `podReady` or `podFailed`. */
  addPod(pod: PodRef): void;
  /** The pod runs already when the run begins; there is no answer. Absent: not supported. */
  adoptPod?(pod: PodRef, held: InitialAddresses): void;
  /** The pod ends in peace: CNI DEL; answered by `podGone`. */
  removePod(pod: PodRef): void;
  /** The pod object vanishes without CNI DEL. There is no answer. */
  dropPod(pod: PodRef): void;
}

/** What a network tells the workload. */
export interface PodNetworkEvents {
  nodeReady(node: ClusterNode): void;
  podReady(pod: PodRef): void;
  /**
   * An attempt has failed.
   *
   * @param reason the operator's error text.
   * @param isFinal whether the network gives the pod up; otherwise it tries again by itself.
   */
  podFailed(pod: PodRef, reason: string, isFinal: boolean): void;
  podGone(pod: PodRef): void;
}
