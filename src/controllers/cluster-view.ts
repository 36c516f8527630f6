import type { PodLookup } from "../model/pod.js";

/** Kubernetes as the collector's own caches have it; looking at them costs nothing. */
export interface ClusterView {
  /** Whether the cache of nodes has the node; a cache that fails answers true. */
  hasNode(kubernetesNode: string): boolean;
  /** Whether the node's labels say that it is still to be moved from Flannel to Calico. */
  isMigratingFromFlannel(kubernetesNode: string): boolean | "failed";
  /** @param podKey see `podKey` of the model. */
  cachedPod(podKey: string): PodLookup;
}
