import type { Distribution } from "../formats/scenario/distribution.js";
import type { Executor, Scenario } from "../formats/scenario/scenario.js";
import { Cidr } from "../model/cidr.js";
import type { Node } from "../model/node.js";
import type { UsablePool } from "../model/pool.js";
import type { PlanCase } from "./plan-case.js";

/** What a plan may change of a case. What is absent stays as it is. */
export interface PlanSettings {
  /** Nodes at the start. */
  readonly nodes?: number | undefined;
  /** Nodes at the start, besides those. */
  readonly nodesMore?: number | undefined;
  /** Factor of all rates and numbers of pods. */
  readonly pods?: number | undefined;
  /** A further factor of the same. */
  readonly podsFactor?: number | undefined;
  /** Factor of all lifetimes. */
  readonly lifetime?: number | undefined;
  /** Prefix length of the blocks of the first pool's IP version. */
  readonly blockSize?: number | undefined;
  /** Prefix length of every pool of the first pool's IP version moves by so much: -1 doubles it. */
  readonly poolPrefixShift?: number | undefined;
  readonly maxBlocksPerHost?: number | undefined;
  readonly strictAffinity?: boolean | undefined;
}

/** The nodes, cut short or continued with nodes like those that are there, in turn. */
function resized(nodes: readonly Node[], count: number): Node[] {
  return Array.from({ length: count }, (_, i): Node => {
    const known = nodes[i];
    if (known !== undefined) return known;
    const number = String(i - nodes.length + 1).padStart(4, "0");
    return { name: `added-${number}`, labels: nodes[i % nodes.length]!.labels };
  });
}

function scaledDistribution(lifetime: Distribution, factor: number): Distribution {
  const scale = (us: number): number => Math.max(1, Math.round(us * factor));
  switch (lifetime.distribution) {
    case "constant":
      return { ...lifetime, value: scale(lifetime.value) };
    case "uniform":
      return { ...lifetime, min: scale(lifetime.min), max: scale(lifetime.max) };
    case "exponential":
      return { ...lifetime, mean: scale(lifetime.mean) };
    case "lognormal":
      return { ...lifetime, median: scale(lifetime.median) };
  }
}

function scaled(executor: Executor, settings: PlanSettings): Executor {
  const { lifetime = 1 } = settings;
  const pods = (settings.pods ?? 1) * (settings.podsFactor ?? 1);
  let after: Executor = executor;
  const more = (count: number): number => Math.max(1, Math.round(count * pods));
  if ("rate" in after) after = { ...after, rate: after.rate * pods };
  if ("pods" in after) after = { ...after, pods: more(after.pods) };
  if ("replicas" in after) after = { ...after, replicas: more(after.replicas) };
  if ("podsPerJob" in after) after = { ...after, podsPerJob: more(after.podsPerJob) };
  if ("stages" in after) {
    const stages = after.stages.map((stage) => ({ ...stage, target: stage.target * pods }));
    after = { ...after, startRate: after.startRate * pods, stages };
  }
  if (lifetime !== 1 && "lifetime" in after && after.lifetime !== undefined) {
    after = { ...after, lifetime: scaledDistribution(after.lifetime, lifetime) };
  }
  return after;
}

/**
 * The pool in another size. It keeps its first address where the larger network begins there, else it
 * begins earlier; that it may overlap what else there is does not matter to the question.
 */
function resizedPool(pool: UsablePool, settings: PlanSettings): UsablePool {
  const { blockSize = pool.blockSize, poolPrefixShift = 0 } = settings;
  const prefix = Math.min(blockSize, pool.cidr.prefix + poolPrefixShift);
  const cidr = prefix === pool.cidr.prefix ? pool.cidr : Cidr.containing(pool.cidr.base, prefix);
  return { ...pool, cidr, blockSize };
}

/** The case with these settings. */
export function withSettings(planned: PlanCase, settings: PlanSettings): PlanCase {
  const { scenario } = planned;
  const version = scenario.pools[0]!.cidr.version;
  const { maxBlocksPerHost, strictAffinity } = settings;
  const nodes = (settings.nodes ?? scenario.nodes.length) + (settings.nodesMore ?? 0);
  const { ipamConfig } = scenario;
  const strict = strictAffinity ?? ipamConfig.strictAffinity;
  const changed: Scenario = {
    ...scenario,
    nodes: nodes === scenario.nodes.length ? scenario.nodes : resized(scenario.nodes, nodes),
    pools: scenario.pools.map((pool) =>
      pool.cidr.version === version ? resizedPool(pool, settings) : pool,
    ),
    ipamConfig: {
      ...ipamConfig,
      strictAffinity: strict,
      maxBlocksPerHost: maxBlocksPerHost ?? ipamConfig.maxBlocksPerHost,
    },
    workload: scenario.workload.map((executor) => scaled(executor, settings)),
  };
  return { ...planned, scenario: changed };
}
