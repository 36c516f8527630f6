import type { SimulationResult } from "../../formats/result/simulation-result.js";
import { type Metric, metricsOf } from "../metric-catalogue.js";

/** One number of a run. A distribution gives several: its median, 99th percentile and maximum. */
export interface Figure {
  /** As a threshold names it: `success_rate`, `reuse_interval p(99)`. */
  readonly name: string;
  readonly unit: Metric["unit"];
  readonly better: Metric["better"];
  /** Null when the run had nothing to measure it by. */
  readonly value: number | null;
}

/** What a comparison keeps of a run. */
export interface RunFigures {
  readonly seed: string;
  /** False when any other seed gives the same run. */
  readonly seedMatters: boolean;
  readonly operations: number;
  /** Null when calls were not hashed. */
  readonly fingerprint: SimulationResult["fingerprint"];
  readonly figures: readonly Figure[];
}

function figuresOfMetric({ name, unit, better, value, distribution }: Metric): Figure[] {
  if (unit === "text") return [];
  if (distribution === undefined) return [{ name, unit, better, value }];
  return [
    { name: `${name} p(50)`, unit, better, value: distribution.p50 },
    { name: `${name} p(99)`, unit, better, value: distribution.p99 },
    { name: `${name} max`, unit, better, value: distribution.max },
  ];
}

export function runFigures(result: SimulationResult): RunFigures {
  return {
    seed: result.scenario.seed,
    seedMatters: result.scenario.seedMatters,
    operations: result.operations.total,
    fingerprint: result.fingerprint,
    figures: metricsOf(result).flatMap(figuresOfMetric),
  };
}
