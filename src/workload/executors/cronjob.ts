import type { ExecutorOf } from "../../formats/scenario/scenario.js";
import type { Activity, Kernel } from "../../simulation/kernel.js";
import type { ExecutorRun } from "../executor-run.js";
import type { Pod } from "../pod.js";
import type { PodGroup } from "../pod-group.js";
import type { WorkloadHost } from "../workload-host.js";

/** CronJobs that all start at the same times. */
export class CronJobs implements ExecutorRun, Activity {
  /** Pods of each CronJob that are still there, by its number. */
  readonly #pods: Set<Pod>[];
  readonly #jobOf = new Map<Pod, number>();
  #run = 0;

  constructor(
    readonly group: PodGroup,
    private readonly host: WorkloadHost,
    private readonly kernel: Kernel,
    private readonly settings: ExecutorOf<"cronjob">,
  ) {
    this.#pods = Array.from({ length: settings.jobs }, () => new Set<Pod>());
    group.listener = { podGone: (pod) => this.#podGone(pod) };
  }

  start(): void {
    this.kernel.schedule(this.settings.startAfter, this);
  }

  wake(): void {
    for (const [job, pods] of this.#pods.entries()) this.#start(job, pods);
    this.#run++;
    const { startAfter, every, runs } = this.settings;
    if (this.#run < runs) this.kernel.schedule(startAfter + this.#run * every, this);
  }

  #start(job: number, pods: Set<Pod>): void {
    const { concurrencyPolicy, podsPerJob } = this.settings;
    if (pods.size > 0 && concurrencyPolicy === "Forbid") return;
    if (concurrencyPolicy === "Replace") for (const pod of [...pods]) this.host.end(pod);
    for (let i = 0; i < podsPerJob; i++) {
      const pod = this.host.want(this.group);
      if (pod === undefined || pod.state === "gone") continue;
      pods.add(pod);
      this.#jobOf.set(pod, job);
    }
  }

  #podGone(pod: Pod): void {
    const job = this.#jobOf.get(pod);
    if (job === undefined) return;
    this.#jobOf.delete(pod);
    this.#pods[job]!.delete(pod);
  }
}
