import type { Kernel } from "../simulation/kernel.js";
import { drawResidualUs } from "./lifetime.js";
import { Pod, type PodOwner } from "./pod.js";
import type { PodGroup } from "./pod-group.js";
import type {
  ClusterNode,
  InitialAddresses,
  PodNetwork,
  PodNetworkEvents,
  PodRef,
} from "./pod-network.js";
import type { NodeView } from "./placement.js";
import { WaitingPods } from "./waiting-pods.js";

/** A node as the scheduler sees it. */
interface HostedNode {
  readonly node: { -readonly [Key in keyof ClusterNode]: ClusterNode[Key] };
  /** In the order in which they came. A list: a node has few, and a set is made anew every few changes. */
  readonly pods: Pod[];
  isReady: boolean;
  isCordoned: boolean;
  /** Killed or deleted: it takes no pods any more. */
  isLost: boolean;
  isDeleted: boolean;
}

export interface WorkloadHostOptions {
  readonly kernel: Kernel;
  /** Most pods of a node at a time. */
  readonly maxPods: number;
  readonly createNetwork: (events: PodNetworkEvents) => PodNetwork;
}

/**
 * When the pods of a machine that is gone are replaced while its node object stays: 40 s until the
 * node counts as lost, then 5 minutes for which pods tolerate it
 * (`kubernetes/website concepts/architecture/nodes.md`).
 */
const EVICTED_AFTER_US = (40 + 300) * 1e6;

/**
 * The cluster as its workload sees it: nodes, pods, the scheduler, and the life of each pod. The
 * executors ask it for pods; it asks the network, and tells the executors what became of them.
 */
export class WorkloadHost implements PodNetworkEvents, NodeView {
  readonly groups: PodGroup[] = [];
  /** Time of the first and of the last addition or removal; undefined before the first. */
  firstUs: number | undefined;
  lastUs = 0;
  readonly maxPods: number;
  readonly #kernel: Kernel;
  readonly #network: PodNetwork;
  readonly #nodes: HostedNode[] = [];
  /** Of each name the node that joined last. */
  readonly #indexOfName = new Map<string, number>();
  readonly #waiting: WaitingPods;
  #isClosed = false;

  constructor({ kernel, maxPods, createNetwork }: WorkloadHostOptions) {
    this.#kernel = kernel;
    this.maxPods = maxPods;
    this.#waiting = new WaitingPods(kernel, (pod, node) => this.#start(pod, node));
    this.#network = createNetwork(this);
  }

  /** From now on no pod comes and none ends because its time is over, and no machine is lost. */
  close(): void {
    this.#isClosed = true;
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
    return this.#nodes[node]!.pods.length;
  }

  isOpen(node: number): boolean {
    const { isReady, isCordoned, isLost, pods } = this.#nodes[node]!;
    return isReady && !isCordoned && !isLost && pods.length < this.maxPods;
  }

  /** Pods that wait for a node. */
  get waitingCount(): number {
    return this.#waiting.count;
  }

  /** The nodes whose machines are there, in the order in which they joined. */
  *liveNodes(): Generator<ClusterNode, void> {
    for (const { node, isLost } of this.#nodes) if (!isLost) yield node;
  }

  /** The pods on a node, in the order in which they came. */
  podsOn({ index }: ClusterNode): readonly Pod[] {
    return [...this.#nodes[index]!.pods];
  }

  isLost({ index }: ClusterNode): boolean {
    return this.#nodes[index]!.isLost;
  }

  isCordoned({ index }: ClusterNode): boolean {
    return this.#nodes[index]!.isCordoned;
  }

  /** A node joins; it takes pods once the network says that it is ready. */
  joinNode(name: string, labels: Readonly<Record<string, string>>): ClusterNode {
    const node = { index: this.#nodes.length, name, labels };
    this.#nodes.push({
      node,
      pods: [],
      isReady: false,
      isCordoned: false,
      isLost: false,
      isDeleted: false,
    });
    this.#indexOfName.set(name, node.index);
    for (const group of this.groups) this.#offer(group, node);
    this.#network.nodeJoined(node);
    return node;
  }

  /** The node has other labels from now on: pods that are on it stay, others may come or not. */
  relabelNode(node: ClusterNode, labels: Readonly<Record<string, string>>): void {
    const before = this.groups.map((group) => group.accepts(node.labels));
    this.#nodes[node.index]!.node.labels = labels;
    for (const [i, group] of this.groups.entries()) {
      const isAccepted = group.accepts(labels);
      if (isAccepted && !before[i]) group.placement.join(node.index);
      if (!isAccepted && before[i]) group.placement.leave(node.index);
    }
    this.#changed(node.index);
  }

  /** Says whether a node takes new pods; those on it stay. */
  cordon({ index }: ClusterNode, isCordoned: boolean): void {
    this.#nodes[index]!.isCordoned = isCordoned;
    this.#changed(index);
  }

  /**
   * A machine stops with everything on it. Its pods are replaced once Kubernetes evicts them, or
   * once the node object is deleted.
   *
   * @param evictedAfterUs when they are evicted, from now.
   */
  killNode(node: ClusterNode, evictedAfterUs = EVICTED_AFTER_US): void {
    const hosted = this.#nodes[node.index]!;
    if (hosted.isLost || this.#isClosed) return;
    hosted.isLost = true;
    this.#noteOperation();
    this.#network.nodeLeft(node, "killed");
    for (const pod of hosted.pods) {
      pod.state = "lost";
      pod.owner.counts.dropped++;
    }
    for (const group of this.groups) group.placement.leave(node.index);
    if (hosted.pods.length === 0) return;
    const evict = { wake: () => this.#forgetLost(hosted) };
    this.#kernel.schedule(this.#kernel.nowUs + evictedAfterUs, evict);
  }

  /** The node object is deleted; a machine that still runs is stopped with what is on it. */
  deleteNode(node: ClusterNode): void {
    const hosted = this.#nodes[node.index]!;
    if (hosted.isDeleted) return;
    this.killNode(node);
    if (!hosted.isLost) return;
    hosted.isDeleted = true;
    this.#forgetLost(hosted);
    this.#network.nodeLeft(node, "deleted");
  }

  #forgetLost({ pods }: HostedNode): void {
    for (const pod of [...pods]) this.#forget(pod);
  }

  /**
   * The schedule wants a pod now. It is started; or, when no node has room, it waits, or is counted
   * as not started, as its group says.
   *
   * @param name of its own; the group's next name when absent.
   * @param nodeName the node that it goes to if that is there and open; the group's choice otherwise.
   * @returns undefined when it was given up, or nothing comes any more.
   */
  want(group: PodGroup, name?: string, nodeName?: string): Pod | undefined {
    if (this.#isClosed) return undefined;
    group.counts.wanted++;
    // Drawn for every pod that is wanted, so that the next one's draw does not depend on this one.
    const lifetimeUs = group.lifetimeUs();
    const pod = new Pod(name ?? group.nextName(), group, this.#kernel.nowUs, lifetimeUs, this.#end);
    // Those that wait already come first.
    const isBehind = group.waits && group.counts.waiting > 0;
    const named = nodeName === undefined ? undefined : this.#openNode(nodeName);
    const index = isBehind ? undefined : (named ?? group.placement.place());
    if (index !== undefined) {
      this.#start(pod, index);
    } else if (group.waits) {
      this.#waiting.add(pod, group);
    } else {
      group.counts.notStarted++;
      return undefined;
    }
    return pod;
  }

  /** Index of the node of this name that takes one more pod. */
  #openNode(name: string): number | undefined {
    const index = this.#indexOfName.get(name);
    return index !== undefined && this.isOpen(index) ? index : undefined;
  }

  #start(pod: Pod, index: number): void {
    const { node, pods } = this.#nodes[index]!;
    pod.bind(node);
    pod.owner.counts.started++;
    pods.push(pod);
    this.#changed(index);
    this.#noteOperation();
    this.#network.addPod(pod);
  }

  /** A pod that runs already when the run begins. It is in nobody's counts but its owner's. */
  adopt(
    owner: PodOwner,
    { name, node, lifetimeUs }: { name: string; node: ClusterNode; lifetimeUs: number },
    held: InitialAddresses,
  ): Pod {
    const pod = new Pod(name, owner, this.#kernel.nowUs, lifetimeUs, this.#end);
    pod.bind(node);
    pod.state = "running";
    owner.counts.started++;
    owner.counts.ready++;
    this.#nodes[node.index]!.pods.push(pod);
    this.#changed(node.index);
    this.#network.adoptPod?.(pod, held);
    this.#scheduleEnd(pod);
    return pod;
  }

  /** Ends a pod in peace; a pod that ends already, or is lost, is left alone. */
  end(pod: Pod): void {
    if (pod.state === "waiting") {
      this.#waiting.remove(pod);
      pod.state = "gone";
      pod.owner.listener.podGone?.(pod);
      return;
    }
    if (pod.state !== "starting" && pod.state !== "running") return;
    pod.state = "ending";
    this.#noteOperation();
    this.#network.removePod(pod);
  }

  readonly #end = (pod: Pod): void => {
    if (!this.#isClosed && this.#kernel.nowUs >= pod.endsUs) this.end(pod);
  };

  /**
   * Draws anew how much longer each running pod lives, given its age, where the law of its lifetime
   * allows. The cluster goes on by the same law, but on another way.
   *
   * @param random draws in [0, 1).
   */
  renewLifetimes(random: () => number): void {
    const { nowUs } = this.#kernel;
    for (const { pods } of this.#nodes) {
      for (const pod of pods) {
        const { lifetime } = pod.owner;
        if (pod.state !== "running" || lifetime === undefined) continue;
        const ageUs = nowUs - (pod.endsUs - pod.lifetimeUs);
        const residualUs = drawResidualUs(lifetime, ageUs, random);
        if (residualUs === undefined) continue;
        pod.lifetimeUs = ageUs + residualUs;
        pod.endsUs = nowUs + residualUs;
        this.#kernel.schedule(pod.endsUs, pod);
      }
    }
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
    if (pod.state !== "ending") return;
    pod.owner.counts.removed++;
    this.#forget(pod);
  }

  #scheduleEnd(pod: Pod): void {
    if (pod.lifetimeUs === Infinity) return;
    pod.endsUs = this.#kernel.nowUs + pod.lifetimeUs;
    this.#kernel.schedule(pod.endsUs, pod);
  }

  #forget(pod: Pod): void {
    pod.state = "gone";
    const { pods } = this.#nodes[pod.node.index]!;
    const place = pods.indexOf(pod);
    if (place >= 0) pods.splice(place, 1);
    this.#changed(pod.node.index);
    pod.owner.listener.podGone?.(pod);
  }

  #changed(node: number): void {
    for (const group of this.groups) group.placement.changed(node);
    if (this.#waiting.count > 0 && this.isOpen(node)) this.#waiting.tryAgain();
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
