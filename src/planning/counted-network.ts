import type { Kernel } from "../simulation/kernel.js";
import type { ClusterNode, PodNetwork, PodNetworkEvents, PodRef } from "../workload/pod-network.js";
import type { AllocationFailure, CountedAllocator, Lease } from "./counted-allocator.js";

/** Who watches what the allocator decides. */
export interface AllocationObserver {
  joined(node: ClusterNode): void;
  /** A pod, or the node's tunnel, has asked. */
  assigned(node: ClusterNode, failure: AllocationFailure | undefined): void;
  released(): void;
}

/**
 * The network of a capacity question: every addition and removal is a decision of the counted
 * allocator, made at once. As in `model: allocator`, a pod that gets no address is not tried again and
 * keeps its place on the node.
 */
export class CountedNetwork implements PodNetwork {
  readonly #leases = new Map<PodRef, Lease>();

  constructor(
    private readonly allocator: CountedAllocator,
    private readonly kernel: Kernel,
    private readonly events: PodNetworkEvents,
    private readonly observer: AllocationObserver,
    /** Whether each node takes an address for its tunnel before it takes pods. */
    private readonly hasTunnels: boolean,
  ) {}

  nodeJoined(node: ClusterNode): void {
    this.allocator.joinNode(node);
    this.observer.joined(node);
    if (this.hasTunnels) {
      const { failure } = this.allocator.assign(node.index, this.kernel.nowUs, "Tunnel");
      this.observer.assigned(node, failure);
      // calico/node starts again and again until it has the address; no pod comes up meanwhile.
      if (failure !== undefined) return;
    }
    this.events.nodeReady(node);
  }

  nodeLeft(node: ClusterNode): void {
    for (const [pod] of this.#leases) if (pod.node === node) this.dropPod(pod);
  }

  addPod(pod: PodRef): void {
    const lease = this.allocator.assign(pod.node.index, this.kernel.nowUs);
    this.#leases.set(pod, lease);
    this.observer.assigned(pod.node, lease.failure);
    if (lease.failure === undefined) this.events.podReady(pod);
    else this.events.podFailed(pod, lease.failure.text, true);
  }

  removePod(pod: PodRef): void {
    this.allocator.release(this.#leases.get(pod)!);
    this.#leases.delete(pod);
    this.observer.released();
    this.events.podGone(pod);
  }

  /** Nothing here collects what the pod leaves behind: its address stays taken. */
  dropPod(pod: PodRef): void {
    this.#leases.delete(pod);
  }
}
