/** What the collector looks at of a pod. */
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

/** A pod, or why there is none: it does not exist, or it could not be looked up. */
export type PodLookup = Pod | "notFound" | "failed";

/**
 * Kubernetes as the collector sees it. None of this is a request of the datastore: the cache costs
 * nothing, and whoever runs the collector accounts for live look-ups.
 */
export interface ClusterView {
  /** Whether the cache of nodes has the node; a cache that fails answers true. */
  hasNode(kubernetesNode: string): boolean;
  /** Whether the node's labels say that it is still to be moved from Flannel to Calico. */
  isMigratingFromFlannel(kubernetesNode: string): boolean | "failed";
  cachedPod(namespace: string, name: string): PodLookup;
  /** Asks the Kubernetes API, past the cache. */
  livePod(namespace: string, name: string): PodLookup;
}
