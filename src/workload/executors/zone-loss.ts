import type { ExecutorOf } from "../../formats/scenario/scenario.js";
import type { Activity, Kernel } from "../../simulation/kernel.js";
import type { ExecutorRun } from "../executor-run.js";
import type { NodeChoice } from "../node-choice.js";
import type { WorkloadHost } from "../workload-host.js";

/** A zone is lost, and perhaps comes back. */
export class ZoneLoss implements ExecutorRun, Activity {
  readonly group = undefined;

  constructor(
    private readonly host: WorkloadHost,
    private readonly kernel: Kernel,
    private readonly settings: ExecutorOf<"zone-loss">,
    private readonly accepts: NodeChoice["accepts"],
  ) {}

  start(): void {
    this.kernel.schedule(this.settings.startAfter, this);
  }

  wake(): void {
    const { detectAfter, evictAfter, evictionRate, returnAfter } = this.settings;
    const zone = [...this.host.liveNodes()].filter(({ labels }) => this.accepts(labels));
    for (const [i, node] of zone.entries()) {
      const turnUs = Math.floor((i / evictionRate) * 1e6);
      this.host.killNode(node, detectAfter + turnUs + evictAfter);
    }
    if (returnAfter === undefined) return;
    const comeBack = () => {
      for (const node of zone) {
        this.host.deleteNode(node);
        this.host.joinNode(node.name, node.labels);
      }
    };
    this.kernel.schedule(this.kernel.nowUs + returnAfter, { wake: comeBack });
  }
}
