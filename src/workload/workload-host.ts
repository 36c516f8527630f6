import type { Kernel } from "../simulation/kernel.js";
import { Pod } from "./pod.js";
import type { PodGroup } from "./pod-group.js";
import type { ClusterNode, PodNetwork, PodNetworkEvents, PodRef } from "./pod-network.js";
import type { NodeView } from "./placement.js";

/** A node as the scheduler sees it. */
interface HostedNode {
  readonly node: ClusterNode;
  readonly pods: Set<Pod>;
  isReady: boolean;
  isCordoned: boolean;
  /** Killed or deleted: it takes no pods any more. */
  isLost: boolean;
}

export interface WorkloadHostOptions {
  readonly kernel: Kernel;
  /** Most pods of a node at a time. */
  readonly maxPods: number;
  readonly createNetwork: (events: PodNetworkEvents) => PodNetwork;
}

/**
 * The cluster as its workload sees it: nodes, pods, the scheduler, and the life of each pod. The
 * executors ask it for pods; it asks the network, and tells the executors what became of them.
 */
export class WorkloadHost implements PodNetworkEvents, NodeView {
  readonly groups: PodGroup[] = [];
  /** Time of the first and of the last addition or removal; undefined before the first. */
  firstUs: number | undefined;
  lastUs = 0;
  readonly #kernel: Kernel;
  readonly #network: PodNetwork;
  readonly #maxPods: number;
  readonly #nodes: HostedNode[] = [];

  constructor({ kernel, maxPods, createNetwork }: WorkloadHostOptions) {
    this.#kernel = kernel;
    this.#maxPods = maxPods;
    this.#network = createNetwork(this);
  }

  /** Makes a group a part of the cluster: its pods may come to all nodes that it accepts. */
  addGroup(group: PodGroup): void {
    this.groups.push(group);
    for (const { node } of this.#nodes) this.#offer(group, node);
  }

  #offer(group: PodGroup, node: ClusterNode): void {
    if (group.accepts(node.labels)) group.placement.join(node.index);
  }

  podCount(node: number): number {
    return this.#nodes[node]!.pods.size;
  }

  isOpen(node: number): boolean {
    const { isReady, isCordoned, isLost, pods } = this.#nodes[node]!;
    return isReady && !isCordoned && !isLost && pods.size < this.#maxPods;
  }

  /** A node joins; it takes pods once the network says that it is ready. */
  joinNode(name: string, labels: Readonly<Record<string, string>>): ClusterNode {
    const node: ClusterNode = { index: this.#nodes.length, name, labels };
    const hosted = { node, pods: new Set<Pod>(), isReady: false, isCordoned: false, isLost: false };
    this.#nodes.push(hosted);
    for (const group of this.groups) this.#offer(group, node);
    this.#network.nodeJoined(node);
    return node;
  }

  /**
   * The schedule wants a pod now. It is started, or counted as not started when no node has room.
   *
   * @param name of its own; the group's next name when absent.
   */
  want(group: PodGroup, name?: string): Pod | undefined {
    group.counts.wanted++;
    // Drawn for every pod that is wanted, so that the next one's draw does not depend on this one.
    const lifetimeUs = group.lifetimeUs();
    const podName = name ?? group.nextName();
    const index = group.placement.place();
    if (index === undefined) {
      group.counts.notStarted++;
      return undefined;
    }
    const { node, pods } = this.#nodes[index]!;
    const pod = new Pod(podName, group, node, this.#kernel.nowUs, lifetimeUs, this.#end);
    group.counts.started++;
    pods.add(pod);
    this.#changed(index);
    this.#noteOperation();
    this.#network.addPod(pod);
    return pod;
  }

  /** Ends a pod in peace; a pod that ends already is left alone. */
  end(pod: Pod): void {
    if (pod.state === "ending" || pod.state === "gone") return;
    pod.state = "ending";
    this.#noteOperation();
    this.#network.removePod(pod);
  }

  readonly #end = (pod: Pod): void => {
    this.end(pod);
  };

  /** The pod vanishes without CNI DEL. */
  drop(pod: Pod): void {
    if (pod.state === "gone") return;
    this.#network.dropPod(pod);
    this.#vanish(pod);
  }

  #vanish(pod: Pod): void {
    pod.owner.counts.dropped++;
    this.#forget(pod);
  }

  nodeReady(node: ClusterNode): void {
    const hosted = this.#nodes[node.index]!;
    hosted.isReady = true;
    this.#changed(node.index);
  }

  podReady(ref: PodRef): void {
    const pod = podOf(ref);
    pod.owner.counts.ready++;
    if (pod.state !== "starting") return;
    pod.state = "running";
    this.#scheduleEnd(pod);
    pod.owner.listener.podReady?.(pod);
  }

  podFailed(ref: PodRef, _reason: string, isFinal: boolean): void {
    const pod = podOf(ref);
    // A pod that is given up holds its place on the node as long as one that runs.
    if (isFinal && pod.state === "starting") this.#scheduleEnd(pod);
  }

  podGone(ref: PodRef): void {
    const pod = podOf(ref);
    if (pod.state === "gone") return;
    pod.owner.counts.removed++;
    this.#forget(pod);
  }

  #scheduleEnd(pod: Pod): void {
    if (pod.lifetimeUs === Infinity) return;
    this.#kernel.schedule(this.#kernel.nowUs + pod.lifetimeUs, pod);
  }

  #forget(pod: Pod): void {
    pod.state = "gone";
    this.#nodes[pod.node.index]!.pods.delete(pod);
    this.#changed(pod.node.index);
    pod.owner.listener.podGone?.(pod);
  }

  #changed(node: number): void {
    for (const group of this.groups) group.placement.changed(node);
  }

  #noteOperation(): void {
    this.firstUs ??= this.#kernel.nowUs;
    this.lastUs = this.#kernel.nowUs;
  }
}

/** The host's own pod, which is what the network was given. */
function podOf(ref: PodRef): Pod {
  if (!(ref instanceof Pod)) throw new TypeError(`${ref.name} is not a pod of the host`);
  return ref;
}
