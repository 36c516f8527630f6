import { didYouMean } from "../../failure/nearest-name.js";
import { quoted } from "../traces/printable.js";
import type { Microseconds } from "./duration.js";
import {
  parseThreshold,
  type ThresholdExpression,
  ThresholdSyntaxError,
} from "./threshold-expression.js";

/** What a run must hold to. */
export interface Threshold {
  /** As it was written. */
  readonly check: string;
  readonly expression: ThresholdExpression;
  readonly abortOnFail: boolean;
  readonly delayAbortEval: Microseconds;
}

/** A metric that a threshold may name. */
export interface NamedMetric {
  readonly name: string;
  readonly kind: "value" | "distribution" | "text";
  /** The unit of the value: `us` takes durations, `ratio` percentages. */
  readonly unit: string;
  /** The models that measure it; the others refuse the threshold. */
  readonly models: readonly string[];
}

const FORMS = {
  value: "takes a comparison, such as",
  distribution: "is a distribution; say which part of it, such as",
  text: "is a text, such as",
};

const EXAMPLES = { value: "> 0", distribution: "p(99) < 5s", text: 'contains "limit"' };

function formFault(expression: ThresholdExpression, metric: NamedMetric): string | undefined {
  const aggregate = expression.kind === "number" ? expression.aggregate : null;
  const form = expression.kind === "text" ? "text" : aggregate === null ? "value" : "distribution";
  if (form !== metric.kind) {
    return `${metric.name} ${FORMS[metric.kind]} ${metric.name} ${EXAMPLES[metric.kind]}`;
  }
  if (expression.kind === "text" || aggregate === "count") return undefined;
  const { unit } = expression;
  if (unit === "duration" && metric.unit !== "us") return `${metric.name} is no duration`;
  if (unit === "percent" && metric.unit !== "ratio") return `${metric.name} is no share`;
  if (unit === "number" && metric.unit === "us") {
    return `${metric.name} is compared with a duration such as 5s or 250ms`;
  }
  return undefined;
}

/**
 * What is wrong with a threshold; undefined when it is good.
 *
 * @param model the model that the scenario is simulated with; undefined when that is not known.
 */
export function thresholdFault(
  check: string,
  metrics: readonly NamedMetric[],
  model: string | undefined,
): string | undefined {
  const expression = parseThreshold(check);
  if (expression instanceof ThresholdSyntaxError) {
    const found = expression.rest === "" ? "its end" : quoted(expression.rest);
    return `${quoted(check)} is not a threshold: expected ${expression.expected}, found ${found}`;
  }
  const metric = metrics.find(({ name }) => name === expression.metric);
  if (metric === undefined) {
    const names = metrics.map(({ name }) => name);
    const near = didYouMean(expression.metric, names);
    const advice = near === "" ? `; known are ${names.join(", ")}` : near;
    return `unknown metric ${quoted(expression.metric)}${advice}`;
  }
  if (model !== undefined && !metric.models.includes(model)) {
    return `${metric.name} is not measured by model: ${model}, only by ${metric.models.join(", ")}`;
  }
  return formFault(expression, metric);
}
