import {
  eventTimeQuantile,
  kaplanMeier,
  type QuantileTime,
  type SurvivalStep,
} from "../analysis/statistics/kaplan-meier.js";
import type { Interval } from "../analysis/statistics/interval.js";
import { unseenBound, wilsonInterval } from "../analysis/statistics/proportion-interval.js";
import type { FailureKind } from "./allocation-failure.js";
import { firstFailureUs, type RunOutcome } from "./run-outcome.js";

/** A probability as it was seen in runs. */
export interface Risk {
  /** Runs in which it happened. */
  readonly failed: number;
  readonly runs: number;
  readonly probability: number;
  /** 95 %: Wilson's interval; when it was never seen, from 0 to the exact one-sided bound. */
  readonly interval: Interval;
}

/** How a figure of the runs is spread. */
export interface Spread {
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

export interface KindRisk extends Risk {
  readonly kind: FailureKind;
  /** Failed requests a run, over the runs that had any. */
  readonly meanCount: number;
  /** The first run that shows it, to be repeated. */
  readonly example: {
    readonly run: number;
    readonly timeUs: number;
    readonly node: string;
    readonly text: string;
  };
}

export interface GroupRisk extends Risk {
  readonly name: string;
  /** Most nodes that it had in a run. */
  readonly nodes: number;
}

export interface PoolSummary {
  readonly name: string;
  readonly addressesPeak: Spread;
  readonly blocksPeak: Spread;
}

/** What all runs of a question say together. */
export interface PlanSummary {
  readonly operations: number;
  readonly risk: Risk;
  /** Most likely first. */
  readonly kinds: readonly KindRisk[];
  /** Runs in which a pod found no node with room: that is the nodes' limit, not the network's. */
  readonly notStarted: Risk & { readonly meanPods: number };
  readonly firstFailure: {
    readonly quantiles: (QuantileTime & { readonly share: number })[];
    readonly curve: SurvivalStep[];
  };
  readonly groups: GroupRisk[];
  readonly pools: readonly PoolSummary[];
  readonly addressesPeak: Spread;
  readonly blocksPeak: Spread;
  readonly borrowedPeak: Spread;
  readonly routesPeak: Spread;
  readonly strandedAtPeak: Spread;
}

/** The risk of which `failed` of the runs had the event. */
export function riskOf(failed: number, runs: number): Risk {
  const interval =
    failed === 0 ? { low: 0, high: unseenBound(runs) } : wilsonInterval(failed, runs);
  return { failed, runs, probability: failed / runs, interval };
}

/** @param values at least one. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
  const mean = sorted.reduce((a, b) => a + b, 0) / sorted.length;
  return { mean, p50: at(0.5), p95: at(0.95), max: sorted.at(-1)! };
}

/** Shares of the runs whose time of first failure is told. */
const SHARES = [0.01, 0.1, 0.5, 0.9];

function kindRisks(outcomes: readonly RunOutcome[]): KindRisk[] {
  const found = new Map<
    FailureKind,
    { runs: number; count: number; example: KindRisk["example"] }
  >();
  for (const { run, failures } of outcomes) {
    for (const { kind, count, firstUs: timeUs, node, text } of failures) {
      const known = found.get(kind) ?? { runs: 0, count: 0, example: { run, timeUs, node, text } };
      known.runs++;
      known.count += count;
      found.set(kind, known);
    }
  }
  return [...found]
    .map(([kind, { runs, count, example }]): KindRisk => {
      return { kind, ...riskOf(runs, outcomes.length), meanCount: count / runs, example };
    })
    .sort((a, b) => b.failed - a.failed);
}

function groupRisks(outcomes: readonly RunOutcome[]): GroupRisk[] {
  const found = new Map<string, { nodes: number; failed: number }>();
  for (const { groups } of outcomes) {
    for (const { name, nodes, firstUs } of groups) {
      const known = found.get(name) ?? { nodes: 0, failed: 0 };
      known.nodes = Math.max(known.nodes, nodes);
      if (firstUs !== null) known.failed++;
      found.set(name, known);
    }
  }
  return [...found].map(([text, { nodes, failed }]) => {
    const name = text !== "" ? text : found.size === 1 ? "all nodes" : "without labels";
    return { name, nodes, ...riskOf(failed, outcomes.length) };
  });
}

function poolSummaries(outcomes: readonly RunOutcome[], names: readonly string[]): PoolSummary[] {
  return names.map((name, i) => ({
    name,
    addressesPeak: spreadOf(outcomes.map(({ pools }) => pools[i]!.addressesPeak)),
    blocksPeak: spreadOf(outcomes.map(({ pools }) => pools[i]!.blocksPeak)),
  }));
}

/**
 * Sums up runs.
 *
 * @param outcomes at least one.
 * @param poolNames in order of names, as the allocator has them.
 */
export function summarize(
  outcomes: readonly RunOutcome[],
  poolNames: readonly string[],
): PlanSummary {
  const curve = kaplanMeier(
    outcomes.map((outcome) => {
      const time = firstFailureUs(outcome);
      return { time: time ?? outcome.endUs, hasEvent: time !== undefined };
    }),
  );
  const count = (isOne: (outcome: RunOutcome) => boolean) => outcomes.filter(isOne).length;
  const sum = (of: (outcome: RunOutcome) => number) =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const spread = (of: (outcome: RunOutcome) => number) => spreadOf(outcomes.map(of));
  return {
    operations: sum(({ operations }) => operations),
    risk: riskOf(
      count(({ failures }) => failures.length > 0),
      outcomes.length,
    ),
    kinds: kindRisks(outcomes),
    notStarted: {
      ...riskOf(
        count(({ notStarted }) => notStarted > 0),
        outcomes.length,
      ),
      meanPods: sum(({ notStarted }) => notStarted) / outcomes.length,
    },
    firstFailure: {
      quantiles: SHARES.map((share) => ({ share, ...eventTimeQuantile(curve, share) })),
      curve,
    },
    groups: groupRisks(outcomes),
    pools: poolSummaries(outcomes, poolNames),
    addressesPeak: spread(({ addressesPeak }) => addressesPeak),
    blocksPeak: spread(({ blocksPeak }) => blocksPeak),
    borrowedPeak: spread(({ borrowedPeak }) => borrowedPeak),
    routesPeak: spread(({ routesPeak }) => routesPeak),
    strandedAtPeak: spread(({ freeInBlocksAtPeak }) => freeInBlocksAtPeak),
  };
}
