import type { Executor, Scenario } from "../formats/scenario/scenario.js";
import { Cidr } from "../model/cidr.js";
import type { InitialClaims } from "./initial-claims.js";
import type { Node } from "../model/node.js";
import type { UsablePool } from "../model/pool.js";

/** One set of numbers of which the question is asked. Whatever a plan varies, it varies here. */
export interface PlanCase {
  readonly scenario: Scenario;
  /** When a run ends; nothing after it counts. */
  readonly horizonUs: number;
  /** Whether each node takes an address for its tunnel when it joins. */
  readonly hasTunnels: boolean;
  /** Whether an address from another node's block counts as a failure. */
  readonly isBorrowingFailure: boolean;
  /** What the run starts from; null: nothing. */
  readonly initial: InitialClaims | null;
  /** How the number of nodes grows; null: it stays. */
  readonly nodeGrowth: Growth | null;
}

/** Whether the runs of a case take time: the scenario asks for the cluster around the allocator. */
export function isInTime({ scenario }: Pick<PlanCase | PackedCase, "scenario">): boolean {
  return scenario.simulation.model === "cluster";
}

/** Growth at compound interest: by this share within each stretch of time. */
export interface Growth {
  readonly share: number;
  readonly everyUs: number;
}

/** Times up to the horizon at which one more node joins, ascending. */
export function nodeJoinsUs({ scenario, horizonUs, nodeGrowth }: PlanCase): number[] {
  if (nodeGrowth === null || horizonUs === Infinity) return [];
  const { share, everyUs } = nodeGrowth;
  const first = scenario.nodes.length;
  const times: number[] = [];
  for (let joining = 1; ; joining++) {
    const periods = Math.log((first + joining) / first) / Math.log1p(share);
    const timeUs = Math.round(periods * everyUs);
    if (timeUs > horizonUs) return times;
    times.push(timeUs);
  }
}

/** A node that is not there at the start. */
export interface JoiningNode extends Node {
  readonly joinsUs: number;
}

/** The nodes by which a case grows: like those that are there, in turn. */
export function joiningNodes(planned: PlanCase): JoiningNode[] {
  const { nodes } = planned.scenario;
  return nodeJoinsUs(planned).map((joinsUs, i) => {
    const number = String(i + 1).padStart(4, "0");
    return { name: `joining-${number}`, labels: nodes[i % nodes.length]!.labels, joinsUs };
  });
}

/** A case as it goes to another thread, where a class would lose its methods. */
export type PackedCase = Omit<PlanCase, "scenario"> & {
  readonly scenario: Omit<Scenario, "pools"> & {
    readonly pools: readonly (Omit<UsablePool, "cidr"> & { readonly cidr: string })[];
  };
};

export function packCase({ scenario, ...rest }: PlanCase): PackedCase {
  const pools = scenario.pools.map((pool) => ({ ...pool, cidr: pool.cidr.text }));
  return { ...rest, scenario: { ...scenario, pools } };
}

export function unpackCase({ scenario, ...rest }: PackedCase): PlanCase {
  const pools = scenario.pools.map((pool) => ({ ...pool, cidr: Cidr.of(pool.cidr) }));
  return { ...rest, scenario: { ...scenario, pools } };
}

/** When an executor wants its last pod by its own schedule; Infinity when a file says it. */
function lastWantUs(executor: Executor): number {
  const { startAfter } = executor;
  switch (executor.executor) {
    case "trace":
      return Infinity;
    case "constant-arrival-rate":
    case "poisson":
      return startAfter + executor.duration;
    case "ramping-arrival-rate":
      return executor.stages.reduce((sum, stage) => sum + stage.duration, startAfter);
    case "job-wave":
      return startAfter + (executor.waves - 1) * executor.every + executor.within;
    case "cronjob":
      return startAfter + (executor.runs - 1) * executor.every;
    case "deployment-rollout":
      // The last update takes its time as well.
      return startAfter + (executor.rollouts + 1) * executor.every;
    case "autoscale":
      return startAfter + executor.runs;
    case "zone-loss":
      return startAfter + executor.detectAfter + executor.evictAfter;
    case "burst":
    case "node-join":
    case "spot-kill":
      return startAfter + executor.within;
    case "node-drain":
      return startAfter;
  }
}

/** The end of a scenario's runs: its own duration, else when its last pod is wanted. */
export function ownHorizonUs({ simulation, workload }: Scenario): number {
  return simulation.duration ?? Math.max(...workload.map(lastWantUs));
}
