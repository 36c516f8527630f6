import type { ClusterNode, PodRef } from "../workload/pod-network.js";
import type { KubeletPod } from "./kubelet-pod.js";

type Identity = Pick<PodRef, "name" | "namespace">;

function keyOf({ namespace, name }: Identity): string {
  return `${namespace}/${name}`;
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
    this.#workers.set(keyOf(worker.identity), worker);
  }

  /** One more worker for what may be a pod that is there. */
  add(worker: KubeletPod): void {
    const key = keyOf(worker.identity);
    if (!this.#workers.has(key)) {
      this.#workers.set(key, worker);
      return;
    }
    const others = this.#others.get(key);
    if (others === undefined) this.#others.set(key, [worker]);
    else others.push(worker);
  }

  /** The workers of a pod; none when there is no such pod. */
  of(identity: Identity): readonly KubeletPod[] {
    const key = keyOf(identity);
    const first = this.#workers.get(key);
    if (first === undefined) return [];
    const others = this.#others.size === 0 ? undefined : this.#others.get(key);
    return others === undefined ? [first] : [first, ...others];
  }

  /** @returns whether that was the last of the pod's workers, so that the pod is gone. */
  delete(worker: KubeletPod): boolean {
    const key = keyOf(worker.identity);
    const others = this.#others.get(key)?.filter((other) => other !== worker) ?? [];
    const first = this.#workers.get(key);
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
