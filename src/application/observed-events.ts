import type { HandleLeak } from "../node/leak-count.js";
import type { PodWitness } from "../node/pod-witness.js";
import type { Kernel } from "../simulation/kernel.js";
import type { ClusterNode, PodNetworkEvents, PodRef } from "../workload/pod-network.js";

/** Sees what becomes of the pods of a run. Times are microseconds of the simulation. */
export interface PodObserver {
  /** A pod has come to its node. @returns who is told of each step of its network, or nobody. */
  podStarted(pod: PodRef, timeUs: number): PodWitness | null;
  podReady(pod: PodRef, timeUs: number): void;
  podFailed(pod: PodRef, timeUs: number): void;
  /** The run is over. @param leaks what is allocated for nobody then, by handle. */
  runEnded?(leaks: ReadonlyMap<string, HandleLeak>): void;
}

/** The workload's side of a network, with an observer in front of it if there is one. */
export function observed(
  events: PodNetworkEvents,
  observer: PodObserver | undefined,
  kernel: Kernel,
): PodNetworkEvents {
  return observer === undefined ? events : new ObservedEvents(events, observer, kernel);
}

/** Passes a network's answers on to the workload, and tells an observer of them first. */
class ObservedEvents implements PodNetworkEvents {
  constructor(
    private readonly events: PodNetworkEvents,
    private readonly observer: PodObserver,
    private readonly kernel: Kernel,
  ) {}

  nodeReady(node: ClusterNode): void {
    this.events.nodeReady(node);
  }

  podReady(pod: PodRef): void {
    this.observer.podReady(pod, this.kernel.nowUs);
    this.events.podReady(pod);
  }

  podFailed(pod: PodRef, reason: string, isFinal: boolean): void {
    this.observer.podFailed(pod, this.kernel.nowUs);
    this.events.podFailed(pod, reason, isFinal);
  }

  podGone(pod: PodRef): void {
    this.events.podGone(pod);
  }
}
