import { formatAddress } from "../model/address.js";
import type { Pod, PodLookup } from "../model/pod.js";
import type { ClusterNode } from "../workload/pod-network.js";
import type { KubeletPod } from "./kubelet-pod.js";

const NONE: readonly KubeletPod[] = [];

/** What Kubernetes shows of a pod. */
function shownOf(first: KubeletPod, others: readonly KubeletPod[]): Pod {
  const addresses: string[] = [];
  for (const { holding } of [first, ...others]) {
    for (const { address } of holding?.addresses ?? []) addresses.push(formatAddress(address));
  }
  return {
    node: first.pod.node.name,
    phase: addresses.length > 0 ? "Running" : "Pending",
    addresses,
    isReleased: false,
  };
}

/**
 * The pods of the Kubernetes API, each with its worker on a node. A pod of the initial state whose
 * addresses are under several handles has several.
 */
export class PodObjects {
  readonly #workers = new Map<string, KubeletPod>();
  /** The others, of pods that have several. */
  readonly #others = new Map<string, KubeletPod[]>();

  /** A later pod of the same name takes the place of an earlier one. */
  set(worker: KubeletPod): void {
    this.#workers.set(worker.key, worker);
  }

  /** One more worker for what may be a pod that is there. */
  add(worker: KubeletPod): void {
    const key = worker.key;
    if (!this.#workers.has(key)) {
      this.#workers.set(key, worker);
      return;
    }
    const others = this.#others.get(key);
    if (others === undefined) this.#others.set(key, [worker]);
    else others.push(worker);
  }

  /** The pod of this key as Kubernetes shows it. */
  lookUp(key: string): PodLookup {
    const first = this.#workers.get(key);
    if (first === undefined) return "notFound";
    const others = this.#othersOf(key);
    if (others.length > 0) return shownOf(first, others);
    return (first.shown ??= shownOf(first, NONE));
  }

  #othersOf(key: string): readonly KubeletPod[] {
    return this.#others.size === 0 ? NONE : (this.#others.get(key) ?? NONE);
  }

  /** @returns whether that was the last of the pod's workers, so that the pod is gone. */
  delete(worker: KubeletPod): boolean {
    const key = worker.key;
    const first = this.#workers.get(key);
    if (first === worker && this.#others.size === 0) return this.#workers.delete(key);
    const others = this.#othersOf(key).filter((other) => other !== worker);
    if (first === worker && others.length === 0) {
      this.#others.delete(key);
      return this.#workers.delete(key);
    }
    if (first === worker) this.#workers.set(key, others.shift()!);
    if (others.length === 0) this.#others.delete(key);
    else this.#others.set(key, others);
    return false;
  }

  /** Workers of the pods that are bound to the node. */
  on(node: ClusterNode): KubeletPod[] {
    const all = [...this.#workers.values(), ...[...this.#others.values()].flat()];
    return all.filter(({ pod }) => pod.node === node);
  }
}
