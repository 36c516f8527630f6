import type { Kernel } from "../../src/simulation/kernel.js";
import type {
  ClusterNode,
  NodeLoss,
  PodNetwork,
  PodNetworkEvents,
  PodRef,
} from "../../src/workload/pod-network.js";

/** What a network was asked for, one line a call: `12.5 s add web-0 on node-0001`. */
export class RecordingNetwork implements PodNetwork {
  readonly lines: string[] = [];
  /** The times of additions, microseconds. */
  readonly addedUs: number[] = [];

  constructor(
    private readonly kernel: Kernel,
    private readonly events: PodNetworkEvents,
  ) {}

  nodeJoined(node: ClusterNode): void {
    this.#note(`join ${node.name}`);
    this.events.nodeReady(node);
  }

  nodeLeft(node: ClusterNode, how: NodeLoss): void {
    this.#note(`${how} ${node.name}`);
  }

  addPod(pod: PodRef): void {
    this.#note(`add ${pod.name} on ${pod.node.name}`);
    this.addedUs.push(this.kernel.nowUs);
    this.events.podReady(pod);
  }

  removePod(pod: PodRef): void {
    this.#note(`remove ${pod.name} on ${pod.node.name}`);
    this.events.podGone(pod);
  }

  dropPod(pod: PodRef): void {
    this.#note(`drop ${pod.name} on ${pod.node.name}`);
  }

  #note(what: string): void {
    this.lines.push(`${this.kernel.nowUs / 1e6} s ${what}`);
  }
}
