import type { ExecutorOf } from "../../formats/scenario/scenario.js";
import type { Activity, Kernel } from "../../simulation/kernel.js";
import type { ExecutorRun } from "../executor-run.js";
import type { DurationSampler } from "../lifetime.js";
import { chooseNode, type NodeChoice } from "../node-choice.js";
import type { Pod } from "../pod.js";
import type { ClusterNode } from "../pod-network.js";
import type { WorkloadHost } from "../workload-host.js";

/** How often kubectl drain looks and tries again (`pkg/drain/drain.go` of kubernetes/kubectl). */
const RETRY_US = 5e6;

/** How often it asks whether the last pods are gone (the same file). */
const POLL_US = 1e6;

/** The drain of one node. */
class Drain implements Activity {
  readonly #evicted = new Set<Pod>();

  constructor(
    private readonly node: ClusterNode,
    private readonly host: WorkloadHost,
    private readonly kernel: Kernel,
    private readonly evictionsAtOnce: number,
    private readonly graceUs: DurationSampler,
    private readonly done: (node: ClusterNode) => void,
  ) {}

  wake(): void {
    const pods = this.host.podsOn(this.node);
    if (pods.length === 0 || this.host.isLost(this.node)) {
      this.done(this.node);
      return;
    }
    let underway = pods.filter((pod) => this.#evicted.has(pod)).length;
    let isRefused = false;
    for (const pod of pods) {
      if (this.#evicted.has(pod)) continue;
      if (underway >= this.evictionsAtOnce) {
        isRefused = true;
        break;
      }
      underway++;
      this.#evicted.add(pod);
      const end = { wake: () => this.host.end(pod) };
      this.kernel.schedule(this.kernel.nowUs + this.graceUs(), end);
    }
    this.kernel.schedule(this.kernel.nowUs + (isRefused ? RETRY_US : POLL_US), this);
  }
}

/** Nodes are drained, one after the other or some at a time. */
export class NodeDrain implements ExecutorRun, Activity {
  readonly group = undefined;
  readonly #taken = new Set<ClusterNode>();

  constructor(
    private readonly host: WorkloadHost,
    private readonly kernel: Kernel,
    private readonly settings: ExecutorOf<"node-drain">,
    private readonly choice: NodeChoice,
    private readonly graceUs: DurationSampler,
  ) {}

  start(): void {
    this.kernel.schedule(this.settings.startAfter, this);
  }

  wake(): void {
    for (let i = 0; i < this.settings.atOnce; i++) this.#next();
  }

  #next(): void {
    const { nodes, evictionsAtOnce = Infinity } = this.settings;
    if (this.#taken.size >= nodes) return;
    const node = chooseNode(this.host, this.choice, (each) => this.#taken.has(each));
    if (node === undefined) return;
    this.#taken.add(node);
    this.host.cordon(node, true);
    new Drain(node, this.host, this.kernel, evictionsAtOnce, this.graceUs, this.#done).wake();
  }

  readonly #done = (node: ClusterNode): void => {
    const { afterwards } = this.settings;
    if (afterwards === "uncordon") this.host.cordon(node, false);
    if (afterwards === "delete") this.host.deleteNode(node);
    this.#next();
  };
}
