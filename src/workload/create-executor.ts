import type { Executor, ExecutorOf } from "../formats/scenario/scenario.js";
import type { Kernel } from "../simulation/kernel.js";
import type { RandomStreams } from "../simulation/random-streams.js";
import { parseSelector, SelectorSyntaxError } from "../model/selector.js";
import type { ExecutorRun } from "./executor-run.js";
import { Arrivals, type ArrivalTimes } from "./executors/arrivals.js";
import { burstArrivalTimes } from "./executors/burst.js";
import { constantArrivalTimes } from "./executors/constant-arrival-rate.js";
import { poissonArrivalTimes } from "./executors/poisson.js";
import { type EventBatches, TraceReplay } from "./executors/trace.js";
import { createDurationSampler } from "./lifetime.js";
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
  /** Whether the scenario has more than one executor. */
  readonly isOneOfSeveral: boolean;
}

/** Compiles a selector that the scenario's checks have let through. */
function compileSelector(text: string): PodGroup["accepts"] {
  const selector = parseSelector(text);
  if (selector instanceof SelectorSyntaxError) throw new RangeError(selector.message);
  return (labels) => selector.evaluate(labels);
}

const forEver = (): number => Infinity;

function groupOf(executor: Executor, index: number, { host, random }: ExecutorWorld): PodGroup {
  const { name, namespace, placement, nodeSelector } = executor;
  const lifetime = "lifetime" in executor ? executor.lifetime : undefined;
  return new PodGroup(
    name,
    namespace,
    createPlacement(placement, host, random.stream(`placement/${index}`)),
    compileSelector(nodeSelector),
    lifetime === undefined
      ? forEver
      : createDurationSampler(lifetime, random.stream(`lifetimes/${index}`)),
  );
}

function arrivalTimes(
  executor: Exclude<Executor, ExecutorOf<"trace">>,
  random: () => number,
): ArrivalTimes {
  switch (executor.executor) {
    case "constant-arrival-rate":
      return constantArrivalTimes(executor);
    case "poisson":
      return poissonArrivalTimes(executor, random);
    case "burst":
      return burstArrivalTimes(executor);
  }
}

/**
 * Makes an executor ready to start. Its random draws come from streams of its own, by its place in
 * the workload: `arrivals/0`, `lifetimes/0`, `placement/0`.
 */
export function createExecutor(
  executor: Executor,
  index: number,
  world: ExecutorWorld,
): ExecutorRun {
  const { kernel, host, random } = world;
  const { startAfter } = executor;
  const group = groupOf(executor, index, world);
  host.addGroup(group);
  if (executor.executor === "trace") {
    const prefix = world.isOneOfSeveral ? `${executor.name}/` : "";
    return new TraceReplay(group, host, kernel, startAfter, world.openTrace(executor), prefix);
  }
  const times = arrivalTimes(executor, random.stream(`arrivals/${index}`));
  return new Arrivals(group, host, kernel, startAfter, times);
}
