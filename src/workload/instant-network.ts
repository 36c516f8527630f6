import type { ChurnRun } from "../simulation/churn-run.js";
import type { Kernel } from "../simulation/kernel.js";
import type {
  ClusterNode,
  InitialAddresses,
  NodeLoss,
  PodNetwork,
  PodNetworkEvents,
  PodRef,
} from "./pod-network.js";

/**
 * The network of `model: allocator`: each addition and each removal is one operation of Calico's
 * allocator, done at once, one after the other. A pod that gets no address is not tried again; it
 * stays until it is removed, as a pod in ContainerCreating does.
 */
export class InstantNetwork implements PodNetwork {
  /** Set when nodes that join have another release than those of the beginning. */
  releaseOfNewNodes: Parameters<ChurnRun["setRelease"]>[1] | undefined;

  constructor(
    private readonly run: ChurnRun,
    private readonly kernel: Kernel,
    private readonly events: PodNetworkEvents,
  ) {}

  nodeJoined(node: ClusterNode): void {
    this.run.nodeJoined(node);
    if (this.releaseOfNewNodes !== undefined) {
      this.run.setRelease(node.index, this.releaseOfNewNodes);
    }
    this.events.nodeReady(node);
  }

  nodeLeft(node: ClusterNode, how: NodeLoss): void {
    if (how === "killed") this.run.dropAllOf(node.index);
    else this.run.nodeDeleted(node.name);
  }

  addPod(pod: PodRef): void {
    const reason = this.run.add(pod.name, pod.node.index, this.kernel.nowUs, pod.namespace);
    if (reason === undefined) this.events.podReady(pod);
    else this.events.podFailed(pod, reason, true);
  }

  adoptPod(pod: PodRef, { handle, addresses, blocks }: InitialAddresses): void {
    const { name, node } = pod;
    this.run.adopt({ name, nodeIndex: node.index, handle, addresses, blocks });
  }

  removePod(pod: PodRef): void {
    this.run.remove(pod.name, this.kernel.nowUs);
    this.events.podGone(pod);
  }

  dropPod(pod: PodRef): void {
    this.run.drop(pod.name);
  }
}
