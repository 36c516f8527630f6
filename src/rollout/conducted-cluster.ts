import type { SimulationResult } from "../formats/result/simulation-result.js";
import type { Behaviours } from "../releases/behaviours.js";
import type { Kernel } from "../simulation/kernel.js";
import type { ClusterNode, PodRef } from "../workload/pod-network.js";

/** A simulated cluster in the hands of somebody who acts on it while it runs. */
export interface ConductedCluster {
  readonly kernel: Kernel;
  /** The nodes that are there now, in the order of their joining. */
  liveNodes(): readonly ClusterNode[];
  /** From now on the node works as this release does. */
  setRelease(node: ClusterNode, release: Behaviours): void;
  /** Nodes that join from now on have this release. */
  setReleaseOfNewNodes(release: Behaviours): void;
  /** kube-controllers is replaced by that of another release; absent where there is none. */
  readonly setControllersRelease?: ((release: Behaviours) => void) | undefined;
  /** What the run has come to until now. */
  resultNow(): SimulationResult;
}

/** Who acts on a cluster while it runs. */
export interface Conductor {
  /** Called once, before anything happens. */
  begin(cluster: ConductedCluster): void;
  /** A pod has its network. */
  podReady(pod: PodRef, timeUs: number): void;
  /** Whether the run may end. */
  readonly isOver: boolean;
}
