import type { Activity, Kernel } from "../../simulation/kernel.js";
import type { ExecutorRun } from "../executor-run.js";
import type { PodGroup } from "../pod-group.js";
import type { WorkloadHost } from "../workload-host.js";

/** The times at which pods are wanted, ascending, in microseconds after the executor's start. */
export type ArrivalTimes = Iterator<number, void>;

/**
 * Pods that come by a schedule alone, whatever becomes of those before (an open model): what
 * `constant-arrival-rate`, `ramping-arrival-rate`, `poisson` and `burst` share.
 */
export class Arrivals implements ExecutorRun, Activity {
  constructor(
    readonly group: PodGroup,
    private readonly host: WorkloadHost,
    private readonly kernel: Kernel,
    private readonly startUs: number,
    private readonly times: ArrivalTimes,
  ) {}

  start(): void {
    this.#scheduleNext();
  }

  wake(): void {
    this.host.want(this.group);
    this.#scheduleNext();
  }

  #scheduleNext(): void {
    const next = this.times.next();
    if (next.done === true) return;
    this.kernel.schedule(this.startUs + next.value, this);
  }
}
