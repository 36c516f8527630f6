import type { ExecutorOf } from "../../formats/scenario/scenario.js";
import type { Activity, Kernel } from "../../simulation/kernel.js";
import type { ExecutorRun } from "../executor-run.js";
import type { WorkloadHost } from "../workload-host.js";

/** New nodes join, evenly spread, the first at the start. */
export class NodeJoin implements ExecutorRun, Activity {
  readonly group = undefined;
  #joined = 0;

  constructor(
    private readonly host: WorkloadHost,
    private readonly kernel: Kernel,
    private readonly settings: ExecutorOf<"node-join">,
  ) {}

  start(): void {
    this.kernel.schedule(this.settings.startAfter, this);
  }

  wake(): void {
    const { startAfter, within, newNames, labels } = this.settings;
    this.host.joinNode(newNames[this.#joined++]!, labels);
    if (this.#joined === newNames.length) return;
    const offsetUs = Math.floor((this.#joined * within) / newNames.length);
    this.kernel.schedule(startAfter + offsetUs, this);
  }
}
