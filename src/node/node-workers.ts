import type { ClusterNode, PodRef } from "../workload/pod-network.js";
import type { KubeletPod } from "./kubelet-pod.js";

/**
 * The workers of the pods by the node that they run on. Kept in lists: a node has few, and a set is made
 * anew every few changes.
 */
export class NodeWorkers implements Iterable<KubeletPod> {
  readonly #byNode: KubeletPod[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** A node joins; nodes come in the order of their indexes. */
  addNode(): void {
    this.#byNode.push([]);
  }

  add(worker: KubeletPod): void {
    const { pod } = worker;
    this.#byNode[pod.node.index]!.push(worker);
    pod.inNetwork = worker;
    this.#size++;
  }

  delete(worker: KubeletPod): void {
    const { pod } = worker;
    const workers = this.#byNode[pod.node.index]!;
    const place = workers.indexOf(worker);
    if (place < 0) return;
    workers.splice(place, 1);
    pod.inNetwork = undefined;
    this.#size--;
  }

  /** The pod's worker while there is one. */
  of({ inNetwork }: PodRef): KubeletPod | undefined {
    return inNetwork as KubeletPod | undefined;
  }

  /** Those on a node, in the order in which they came; a copy. */
  on(node: ClusterNode): KubeletPod[] {
    return [...this.#byNode[node.index]!];
  }

  /** All, node by node. */
  *[Symbol.iterator](): Generator<KubeletPod, void> {
    for (const workers of this.#byNode) yield* workers;
  }
}
