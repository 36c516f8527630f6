import type { ExecutorOf } from "../../formats/scenario/scenario.js";
import type { Activity, Kernel } from "../../simulation/kernel.js";
import type { ExecutorRun } from "../executor-run.js";
import type { DurationSampler } from "../lifetime.js";
import { chooseNode, type NodeChoice } from "../node-choice.js";
import type { ClusterNode } from "../pod-network.js";
import type { WorkloadHost } from "../workload-host.js";

/** How long until something follows; undefined: it never does. */
export interface SpotKillDelays {
  readonly deleteAfterUs: DurationSampler | undefined;
  readonly replaceAfterUs: DurationSampler | undefined;
}

/** Machines vanish, evenly spread, the first at the start. */
export class SpotKill implements ExecutorRun, Activity {
  readonly group = undefined;
  #killed = 0;

  constructor(
    private readonly host: WorkloadHost,
    private readonly kernel: Kernel,
    private readonly settings: ExecutorOf<"spot-kill">,
    private readonly choice: NodeChoice,
    private readonly delays: SpotKillDelays,
  ) {}

  start(): void {
    this.kernel.schedule(this.settings.startAfter, this);
  }

  wake(): void {
    const { startAfter, within, nodes } = this.settings;
    const node = chooseNode(this.host, this.choice);
    if (node !== undefined) this.#kill(node, this.#killed);
    this.#killed++;
    if (this.#killed === nodes) return;
    const offsetUs = Math.floor((this.#killed * within) / nodes);
    this.kernel.schedule(startAfter + offsetUs, this);
  }

  #kill(node: ClusterNode, number: number): void {
    this.host.killNode(node);
    const { deleteAfterUs, replaceAfterUs } = this.delays;
    this.#after(deleteAfterUs, () => this.host.deleteNode(node));
    const { reuseNames, newNames } = this.settings;
    const name = reuseNames ? node.name : newNames[number]!;
    this.#after(replaceAfterUs, () => {
      // The object under the old name is the new machine's as soon as that registers.
      if (reuseNames) this.host.deleteNode(node);
      this.host.joinNode(name, node.labels);
    });
  }

  #after(delayUs: DurationSampler | undefined, wake: () => void): void {
    if (delayUs !== undefined) this.kernel.schedule(this.kernel.nowUs + delayUs(), { wake });
  }
}
