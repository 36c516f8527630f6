import type { SimulationResult } from "../formats/result/simulation-result.js";
import type { Threshold } from "../formats/scenario/threshold.js";
import type { Aggregate, Comparison } from "../formats/scenario/threshold-expression.js";
import type { LatencySummary } from "../metrics/latency-histogram.js";
import { METRICS } from "./metric-catalogue.js";

/** What a threshold came to. */
export type ThresholdOutcome = SimulationResult["thresholds"][number];

function compare(value: number, comparison: Comparison, bound: number): boolean {
  switch (comparison) {
    case "<":
      return value < bound;
    case "<=":
      return value <= bound;
    case ">":
      return value > bound;
    case ">=":
      return value >= bound;
    case "==":
      return value === bound;
    case "!=":
      return value !== bound;
  }
}

/** The percentiles that a summary holds. */
const PERCENTILES: Readonly<Record<number, keyof LatencySummary>> = {
  50: "p50",
  90: "p90",
  99: "p99",
  99.9: "p999",
  100: "max",
};

function aggregateOf(summary: LatencySummary, aggregate: Aggregate): number | null {
  if (typeof aggregate === "string") return summary[aggregate];
  const key = PERCENTILES[aggregate.percentile];
  return key === undefined ? null : summary[key];
}

/** What a metric has measured: a value, a distribution, texts, or nothing. */
type Measured = number | LatencySummary | readonly string[] | null;

/** What a threshold comes to on what its metric has measured. Without a value it fails. */
export function judgeThreshold(
  { check, expression }: Pick<Threshold, "check" | "expression">,
  unit: string,
  measured: Measured,
): ThresholdOutcome {
  const outcome = (passed: boolean, value: ThresholdOutcome["value"]) => {
    return { check, passed, value, unit, aborted: false };
  };
  if (expression.kind === "text") {
    const text = (measured as readonly string[] | null)?.join("\n") ?? null;
    return outcome((text?.includes(expression.part) ?? false) === expression.isWanted, text);
  }
  const { aggregate, comparison, bound } = expression;
  const summary = measured as LatencySummary | null;
  const value =
    typeof measured === "number"
      ? measured
      : summary && aggregate && aggregateOf(summary, aggregate);
  return outcome(value !== null && compare(value, comparison, bound), value);
}

/**
 * What each threshold comes to on this result. One whose metric has no value (a success rate of no
 * attempt) fails: nothing has shown that it holds.
 */
export function evaluateThresholds(
  thresholds: readonly Threshold[],
  result: SimulationResult,
): ThresholdOutcome[] {
  return thresholds.map((threshold) => {
    const metric = METRICS.find(({ name }) => name === threshold.expression.metric);
    if (metric === undefined) throw new RangeError(`no metric ${threshold.expression.metric}`);
    return judgeThreshold(threshold, metric.unit, metric.read(result));
  });
}
