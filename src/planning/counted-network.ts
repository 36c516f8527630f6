import type { Kernel } from "../simulation/kernel.js";
import type {
  ClusterNode,
  InitialAddresses,
  PodNetwork,
  PodNetworkEvents,
  PodRef,
} from "../workload/pod-network.js";
import type { AllocationFailure } from "./allocation-failure.js";
import type { CountedAllocator } from "./counted-allocator.js";
import type { Lease } from "./counted-pool.js";

/** Who watches what the allocator decides. */
export interface AllocationObserver {
  joined(node: ClusterNode): void;
  /** A pod, or the node's tunnel, has asked. */
  assigned(node: ClusterNode, failure: AllocationFailure | undefined): void;
  released(): void;
}

export interface NetworkRules {
  /** Nodes from this index on take an address for their tunnel before they take pods. */
  readonly tunnelsFrom: number;
  /** Whether an address from another node's block counts as a failure. */
  readonly isBorrowingFailure: boolean;
}

const BORROWED: AllocationFailure = {
  kind: "address borrowed",
  text: "the node has no block with a free address and takes one of another node's block",
};

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
    private readonly rules: NetworkRules,
  ) {}

  nodeJoined(node: ClusterNode): void {
    this.allocator.joinNode(node);
    this.observer.joined(node);
    if (node.index >= this.rules.tunnelsFrom) {
      const lease = this.allocator.assign(node.index, this.kernel.nowUs, "Tunnel");
      this.observer.assigned(node, this.#failureOf(lease));
      // calico/node starts again and again until it has the address; no pod comes up meanwhile.
      if (lease.failure !== undefined) return;
    }
    this.events.nodeReady(node);
  }

  nodeLeft(node: ClusterNode): void {
    for (const [pod] of this.#leases) if (pod.node === node) this.dropPod(pod);
  }

  addPod(pod: PodRef): void {
    const lease = this.allocator.assign(pod.node.index, this.kernel.nowUs);
    this.#leases.set(pod, lease);
    this.observer.assigned(pod.node, this.#failureOf(lease));
    if (lease.failure === undefined) this.events.podReady(pod);
    else this.events.podFailed(pod, lease.failure.text, true);
  }

  /** What counts as a failure, which is not always what fails. */
  #failureOf({ failure, borrowed }: Lease): AllocationFailure | undefined {
    return failure ?? (this.rules.isBorrowingFailure && borrowed > 0 ? BORROWED : undefined);
  }

  /** Where the pools' blocks have another size by now, the pod moves to a new one. */
  adoptPod(pod: PodRef, { blocks }: InitialAddresses): void {
    const lease = this.allocator.adoptLease(pod.node.index, blocks);
    if (lease !== undefined) {
      this.#leases.set(pod, lease);
      return;
    }
    const moved = this.allocator.assign(pod.node.index, this.kernel.nowUs);
    this.#leases.set(pod, moved);
    this.observer.assigned(pod.node, this.#failureOf(moved));
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
