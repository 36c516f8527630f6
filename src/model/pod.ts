/** What Calico's controllers look at of a pod. */
export interface Pod {
  /** Name of the Kubernetes node that the pod is bound to; empty before that. */
  readonly node: string;
  /** `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`. */
  readonly phase: string;
  /** Addresses in the pod's status, as texts; none before the kubelet has reported them. */
  readonly addresses: readonly string[];
  /** The pod is being deleted and the CNI plugin has emptied its annotation of addresses. */
  readonly isReleased: boolean;
}

/** Key of a pod as Kubernetes' caches have it: `namespace/name`. */
export function podKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** A pod, or why there is none: it does not exist, or it could not be looked up. */
export type PodLookup = Pod | "notFound" | "failed";
