import type { SimulationResult } from "../formats/result/simulation-result.js";
import type { Threshold } from "../formats/scenario/threshold.js";
import type {
  Aggregate,
  Comparison,
  ThresholdExpression,
} from "../formats/scenario/threshold-expression.js";
import type { LatencySummary } from "../metrics/latency-histogram.js";
import { type MetricDefinition, METRICS } from "./metric-catalogue.js";

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

function measured(
  metric: MetricDefinition,
  expression: ThresholdExpression,
  result: SimulationResult,
): number | string | null {
  switch (metric.kind) {
    case "value":
      return metric.read(result);
    case "distribution": {
      const summary = metric.read(result);
      const aggregate = expression.kind === "number" ? expression.aggregate : null;
      return summary === null || aggregate === null ? null : aggregateOf(summary, aggregate);
    }
    case "text":
      return metric.read(result)?.join("\n") ?? null;
  }
}

/**
 * What each threshold comes to on this result. One whose metric has no value (a success rate of no
 * attempt) fails: nothing has shown that it holds.
 */
export function evaluateThresholds(
  thresholds: readonly Threshold[],
  result: SimulationResult,
): ThresholdOutcome[] {
  return thresholds.map(({ check, expression }) => {
    const metric = METRICS.find(({ name }) => name === expression.metric);
    if (metric === undefined) throw new RangeError(`no metric ${expression.metric}`);
    const value = measured(metric, expression, result);
    let passed = false;
    if (expression.kind === "text") {
      const isThere = typeof value === "string" && value.includes(expression.part);
      passed = isThere === expression.isWanted;
    } else if (typeof value === "number") {
      passed = compare(value, expression.comparison, expression.bound);
    }
    return { check, passed, value, unit: metric.unit, aborted: false };
  });
}
