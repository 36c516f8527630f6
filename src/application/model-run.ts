import type { MeasuredRun } from "../analysis/churn-result.js";
import type { MemoryDatastore } from "../datastore/memory.js";
import type { ClusterSection } from "../formats/result/cluster-section.js";
import type { Liveness } from "../formats/result/liveness.js";
import type { AddressNumber } from "../model/address.js";
import type { HandleLeak } from "../node/leak-count.js";
import type { Behaviours } from "../releases/behaviours.js";
import type { ClusterNode, PodNetwork, PodNetworkEvents } from "../workload/pod-network.js";
import type { StartingPod } from "./export-cluster.js";
import type { RestlessModel } from "./liveness.js";

/** The state that a run begins with and ends with. */
export interface RunState {
  /**
   * Goes on from what the datastore was loaded with; pods follow one by one.
   *
   * @param otherAddresses allocated to nobody who is a pod.
   */
  takeOver(otherAddresses: readonly AddressNumber[]): void;
  /** @param torn blocks that overlap or contradict themselves. */
  beginFromInitialState(torn: ReadonlySet<string>): void;
  /** What the initial state has that cannot be, or null. */
  readonly contradiction: string | null;
  /** Addresses given to a pod while another held them: only from a state that contradicts itself. */
  readonly duplicates: number;
  /** Addresses of all pods that run. */
  podAddresses(): Iterable<AddressNumber>;
  /** Pods that are to have a network and have none yet; absent where none can be told. */
  startingPods?(): Iterable<StartingPod>;
  /** What is allocated for nobody now, by handle; absent where no ADD can leave anything behind. */
  leaksByHandle?(): ReadonlyMap<string, HandleLeak>;
}

/** What a scenario's pods run against: one of the models. */
export interface ModelRun {
  /** To be called once, before anything else. */
  createNetwork(events: PodNetworkEvents): PodNetwork;
  readonly figures: MeasuredRun & RunState;
  /** Requests at the API server so far; 0 where they take no time. */
  readonly requests: number;
  /** The cluster's state, for whoever changes it from outside. */
  readonly datastore: MemoryDatastore;
  /** From now on the node works as this release does. */
  setRelease(node: ClusterNode, release: Behaviours): void;
  /** Nodes that join from now on have this release. */
  setReleaseOfNewNodes(release: Behaviours): void;
  /** kube-controllers is replaced by that of another release; absent where there are none. */
  readonly setControllersRelease?: ((release: Behaviours) => void) | undefined;
  /** The datastore slows down by a factor, or is down; absent where it takes no time. */
  readonly setDatastore?: ((slowdown: number | "down") => void) | undefined;
  /** Starts or stops garbage collection; absent where there is none. */
  readonly setCollecting?: ((isOn: boolean) => void) | undefined;
  /** How the figures were obtained. */
  readonly provenance: string;
  /**
   * Checks the whole state.
   *
   * @throws InvariantViolation when the model contradicts itself.
   */
  check(): void;
  /** Brings up to date what is counted from time to time, such as leaks. */
  countNow(): void;
  /** What only the cluster model tells, as it was last counted. */
  section(liveness: Liveness | null): ClusterSection | null;
  /** How the model comes to rest; absent where nothing takes time. */
  readonly rest?: RestlessModel;
}
