import type { MeasuredRun } from "../analysis/churn-result.js";
import type { MemoryDatastore } from "../datastore/memory.js";
import type { ClusterSection } from "../formats/result/cluster-section.js";
import type { Behaviours } from "../releases/behaviours.js";
import type { ChurnRun } from "../simulation/churn-run.js";
import type { ClusterNode, PodNetwork, PodNetworkEvents } from "../workload/pod-network.js";

/** What a scenario's pods run against: one of the models. */
export interface ModelRun {
  /** To be called once, before anything else. */
  createNetwork(events: PodNetworkEvents): PodNetwork;
  readonly figures: MeasuredRun;
  /** Requests at the API server so far; 0 where they take no time. */
  readonly requests: number;
  /** The cluster's state, for whoever changes it from outside. */
  readonly datastore: MemoryDatastore;
  /** The run of the allocator model, which can begin with pods; absent for others. */
  readonly churn?: ChurnRun;
  /** From now on the node works as this release does. */
  setRelease(node: ClusterNode, release: Behaviours): void;
  /** Nodes that join from now on have this release. */
  setReleaseOfNewNodes(release: Behaviours): void;
  /** kube-controllers is replaced by that of another release; absent where there are none. */
  readonly setControllersRelease?: ((release: Behaviours) => void) | undefined;
  /** How the figures were obtained. */
  readonly provenance: string;
  /**
   * Checks the whole state.
   *
   * @throws InvariantViolation when the model contradicts itself.
   */
  check(): void;
  /** What only the cluster model tells. */
  section(): ClusterSection | null;
}
