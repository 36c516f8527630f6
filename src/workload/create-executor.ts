import type { Distribution } from "../formats/scenario/distribution.js";
import type { Executor, ExecutorOf } from "../formats/scenario/scenario.js";
import type { Kernel } from "../simulation/kernel.js";
import type { RandomStreams } from "../simulation/random-streams.js";
import { parseSelector, SelectorSyntaxError } from "../model/selector.js";
import type { ExecutorRun } from "./executor-run.js";
import { Arrivals, type ArrivalTimes } from "./executors/arrivals.js";
import { Autoscale } from "./executors/autoscale.js";
import { burstArrivalTimes } from "./executors/burst.js";
import { constantArrivalTimes } from "./executors/constant-arrival-rate.js";
import { CronJobs } from "./executors/cronjob.js";
import { DeploymentRollout } from "./executors/deployment-rollout.js";
import { jobWaveArrivalTimes } from "./executors/job-wave.js";
import { NodeDrain } from "./executors/node-drain.js";
import { NodeJoin } from "./executors/node-join.js";
import { poissonArrivalTimes } from "./executors/poisson.js";
import { rampingArrivalTimes } from "./executors/ramping-arrival-rate.js";
import { SpotKill } from "./executors/spot-kill.js";
import { type EventBatches, TraceReplay } from "./executors/trace.js";
import { ZoneLoss } from "./executors/zone-loss.js";
import { createDurationSampler, type DurationSampler } from "./lifetime.js";
import type { NodeChoice } from "./node-choice.js";
import { createPlacement } from "./placement.js";
import { PodGroup } from "./pod-group.js";
import type { WorkloadHost } from "./workload-host.js";

/** What an executor works with. */
export interface ExecutorWorld {
  readonly kernel: Kernel;
  readonly host: WorkloadHost;
  readonly random: RandomStreams;
  /** Opens the trace of a `trace` executor. */
  openTrace(executor: ExecutorOf<"trace">): EventBatches;
}

/** An executor that wants pods. */
type PodExecutor = Extract<Executor, { readonly placement: string }>;

/** Compiles a selector that the scenario's checks have let through. */
function compileSelector(text: string): PodGroup["accepts"] {
  const selector = parseSelector(text);
  if (selector instanceof SelectorSyntaxError) throw new RangeError(selector.message);
  return (labels) => selector.evaluate(labels);
}

const forEver = (): number => Infinity;

/** Makes one executor ready; the streams of its random draws are named by its place. */
class ExecutorFactory {
  constructor(
    private readonly index: number,
    /** Whether the scenario has more than one executor. */
    private readonly isOneOfSeveral: boolean,
    private readonly world: ExecutorWorld,
  ) {}

  #stream(name: string): () => number {
    return this.world.random.stream(`${name}/${this.index}`);
  }

  #durations(distribution: Distribution, name: string): DurationSampler {
    return createDurationSampler(distribution, this.#stream(name));
  }

  #group(executor: PodExecutor): PodGroup {
    const { host } = this.world;
    const lifetime = "lifetime" in executor ? executor.lifetime : undefined;
    const group = new PodGroup({
      name: executor.name,
      namespace: executor.namespace,
      placement: createPlacement(executor.placement, host, this.#stream("placement")),
      accepts: compileSelector(executor.nodeSelector),
      lifetimeUs: lifetime === undefined ? forEver : this.#durations(lifetime, "lifetimes"),
      lifetime,
      waits: executor.whenFull === "wait",
    });
    host.addGroup(group);
    return group;
  }

  #choice(executor: ExecutorOf<"node-drain" | "spot-kill">): NodeChoice {
    const { nodeSelector, pick } = executor;
    return { accepts: compileSelector(nodeSelector), pick, random: this.#stream("nodes") };
  }

  #arrivals(executor: PodExecutor, times: ArrivalTimes): ExecutorRun {
    const { host, kernel } = this.world;
    return new Arrivals(this.#group(executor), host, kernel, executor.startAfter, times);
  }

  create(executor: Executor): ExecutorRun {
    const { host, kernel } = this.world;
    switch (executor.executor) {
      case "trace": {
        const prefix = this.isOneOfSeveral ? `${executor.name}/` : "";
        const trace = this.world.openTrace(executor);
        const group = this.#group(executor);
        return new TraceReplay(group, host, kernel, executor.startAfter, trace, prefix);
      }
      case "constant-arrival-rate":
        return this.#arrivals(executor, constantArrivalTimes(executor));
      case "ramping-arrival-rate":
        return this.#arrivals(executor, rampingArrivalTimes(executor));
      case "poisson":
        return this.#arrivals(executor, poissonArrivalTimes(executor, this.#stream("arrivals")));
      case "burst":
        return this.#arrivals(executor, burstArrivalTimes(executor));
      case "job-wave":
        return this.#arrivals(executor, jobWaveArrivalTimes(executor));
      case "cronjob":
        return new CronJobs(this.#group(executor), host, kernel, executor);
      case "deployment-rollout": {
        const graceUs = this.#durations(executor.grace, "grace");
        return new DeploymentRollout(this.#group(executor), host, kernel, executor, graceUs);
      }
      case "node-join":
        return new NodeJoin(host, kernel, executor);
      case "node-drain": {
        const graceUs = this.#durations(executor.grace, "grace");
        return new NodeDrain(host, kernel, executor, this.#choice(executor), graceUs);
      }
      case "spot-kill": {
        const { deleteAfter, replaceAfter } = executor;
        return new SpotKill(host, kernel, executor, this.#choice(executor), {
          deleteAfterUs: deleteAfter && this.#durations(deleteAfter, "deletions"),
          replaceAfterUs: replaceAfter && this.#durations(replaceAfter, "replacements"),
        });
      }
      case "autoscale": {
        const startupUs = this.#durations(executor.nodeStartup, "startups");
        return new Autoscale(host, kernel, executor, startupUs);
      }
      case "zone-loss":
        return new ZoneLoss(host, kernel, executor, compileSelector(executor.nodeSelector));
    }
  }
}

/**
 * Makes a scenario's executors ready to start. The random draws of each come from streams of its own,
 * by its place in the workload: `arrivals/0`, `lifetimes/0`, `placement/0`.
 */
export function createExecutors(
  workload: readonly Executor[],
  world: ExecutorWorld,
): ExecutorRun[] {
  const isOneOfSeveral = workload.length > 1;
  return workload.map((executor, i) =>
    new ExecutorFactory(i, isOneOfSeveral, world).create(executor),
  );
}
