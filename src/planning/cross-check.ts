import { erlangLoss, firstLossProbability } from "../analysis/statistics/erlang-loss.js";
import type { Interval } from "../analysis/statistics/interval.js";
import type { Distribution } from "../formats/scenario/distribution.js";
import { addressBits } from "../model/address.js";
import { isInTime, type PlanCase } from "./plan-case.js";
import { riskOf } from "./plan-summary.js";
import type { RunOutcome } from "./run-outcome.js";

/** What theory says of a case beside what the runs say. */
export interface CrossCheck {
  readonly name: string;
  /** What is compared, and why theory applies or what it leaves out. */
  readonly about: string;
  readonly theory: number;
  /** Null where there is nothing in the runs to compare with. */
  readonly simulated: number | null;
  readonly interval: Interval | null;
}

function meanUs(lifetime: Distribution): number {
  switch (lifetime.distribution) {
    case "constant":
      return lifetime.value;
    case "uniform":
      return (lifetime.min + lifetime.max) / 2;
    case "exponential":
      return lifetime.mean;
    case "lognormal":
      return lifetime.median * Math.exp(lifetime.sigma ** 2 / 2);
  }
}

/** Arrivals and holding times of a case that is Erlang's loss system, or undefined when it is not. */
function lossSystem(planned: PlanCase) {
  const { scenario, hasTunnels, isBorrowingFailure, initial, nodeGrowth, horizonUs } = planned;
  const { pools, ipamConfig, workload, nodes, maxPods, reservations } = scenario;
  const [pool] = pools;
  const [executor] = workload;
  if (pools.length !== 1 || workload.length !== 1 || executor?.executor !== "poisson") {
    return undefined;
  }
  const { lifetime, startAfter, duration, rate, timeUnit } = executor;
  if (initial !== null || isBorrowingFailure) return undefined;
  if (lifetime === undefined || hasTunnels || nodeGrowth !== null || reservations.length > 0) {
    return undefined;
  }
  if (pool!.nodeSelector !== "all()" || executor.nodeSelector !== "all()") return undefined;
  if (startAfter > 0 || duration < horizonUs || horizonUs === Infinity) return undefined;
  const servers = pool!.cidr.size;
  const blocks = 2 ** (pool!.blockSize - pool!.cidr.prefix);
  const limit = ipamConfig.maxBlocksPerHost || 20;
  // With borrowing every node reaches every address, unless its block limit or maxPods ends before.
  const isShared = !ipamConfig.strictAffinity || nodes.length === 1;
  if (!isShared || blocks > limit || nodes.length * maxPods < 2 * servers) return undefined;
  return { servers, ratePerUs: rate / timeUnit, lifetime };
}

/** Share of `failed` among `asked` by runs, with the interval of a ratio of means. */
function ratio(outcomes: readonly RunOutcome[]): { value: number; interval: Interval } | null {
  const asked = outcomes.reduce((sum, { secondHalf }) => sum + secondHalf.asked, 0);
  const failed = outcomes.reduce((sum, { secondHalf }) => sum + secondHalf.failed, 0);
  if (asked === 0 || outcomes.length < 2) return null;
  const value = failed / asked;
  // Runs are independent, requests of one run are not: the residuals are taken run by run.
  const squares = outcomes.reduce((sum, { secondHalf }) => {
    return sum + (secondHalf.failed - value * secondHalf.asked) ** 2;
  }, 0);
  const count = outcomes.length;
  const deviation = Math.sqrt((squares * count) / (count - 1)) / asked;
  const half = 1.96 * deviation;
  return { value, interval: { low: Math.max(0, value - half), high: Math.min(1, value + half) } };
}

function erlangChecks(planned: PlanCase, outcomes: readonly RunOutcome[]): CrossCheck[] {
  const system = lossSystem(planned);
  if (system === undefined) return [];
  const { servers, ratePerUs, lifetime } = system;
  const load = ratePerUs * meanUs(lifetime);
  const seen = ratio(outcomes);
  const checks: CrossCheck[] = [
    {
      name: "Erlang loss formula",
      about:
        `share of requests refused in the long run, ${servers} addresses and ` +
        `${load.toPrecision(4)} erlangs; of the runs, their second half`,
      theory: erlangLoss(servers, load),
      simulated: seen?.value ?? null,
      interval: seen?.interval ?? null,
    },
  ];
  if (lifetime.distribution === "exponential") {
    const failed = outcomes.filter(({ failures }) => failures.length > 0).length;
    const { probability, interval } = riskOf(failed, outcomes.length);
    const rates = { arrivalRate: ratePerUs, departureRate: 1 / lifetime.mean, initial: 0 };
    checks.push({
      name: "first loss of an Erlang system",
      about: "risk within the horizon from an empty start, by the birth-death chain",
      theory: firstLossProbability({ servers, ...rates }, planned.horizonUs),
      simulated: probability,
      interval,
    });
  }
  return checks;
}

/** Blocks that the nodes need at the least and at the most, where no node uses another's. */
function blockBound(planned: PlanCase, nodes: number): CrossCheck[] {
  const { scenario, hasTunnels } = planned;
  const { ipamConfig, pools, maxPods } = scenario;
  const [pool] = pools;
  if (pools.length !== 1 || !ipamConfig.strictAffinity || pool!.nodeSelector !== "all()") return [];
  const blocks = 2 ** (pool!.blockSize - pool!.cidr.prefix);
  const size = 2 ** (addressBits(pool!.cidr.version) - pool!.blockSize);
  const perNode = Math.ceil((maxPods + (hasTunnels ? 1 : 0)) / size);
  const about =
    `blocks that ${nodes} nodes claim if each has at least one pod, of ${blocks}` +
    `; up to ${nodes * perNode} when every node is full`;
  return [
    { name: "counting bound of blocks", about, theory: nodes, simulated: null, interval: null },
  ];
}

/**
 * Theory beside simulation, where it applies: Erlang's loss formula for one pool that every node
 * reaches and Poisson arrivals (any law of lifetimes), and the counting bound under strict affinity.
 *
 * @param nodes most nodes within the horizon.
 */
export function crossChecks(
  planned: PlanCase,
  nodes: number,
  outcomes: readonly RunOutcome[],
): CrossCheck[] {
  // A pod that a kubelet tries again is not lost.
  const losses = isInTime(planned) ? [] : erlangChecks(planned, outcomes);
  return [...losses, ...blockBound(planned, nodes)];
}
