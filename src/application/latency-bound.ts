import { BadInput } from "../failure/failure.js";
import { parseThreshold, ThresholdSyntaxError } from "../formats/scenario/threshold-expression.js";
import type { LatencyBound } from "../load/find-max.js";

const FORM = "'p(99) < 50us'";

/**
 * Reads what a latency has to keep: `p(99) < 50us`, `max <= 2ms`.
 *
 * @param option the option that it was given by, for the error.
 * @throws BadInput when it is something else.
 */
export function readLatencyBound(text: string, option: string): LatencyBound {
  const refuse = (message: string) => new BadInput({ file: option, message });
  const read = parseThreshold(`latency ${text}`);
  if (read instanceof ThresholdSyntaxError) {
    const found = read.rest === "" ? "its end" : `"${read.rest}"`;
    throw refuse(`expected ${read.expected}, found ${found}; such as ${FORM}`);
  }
  if (read.kind !== "number" || read.aggregate === null || read.aggregate === "count") {
    throw refuse(`expected a percentile, mean or max of the latency, such as ${FORM}`);
  }
  if (read.comparison !== "<" && read.comparison !== "<=") {
    throw refuse(`a latency is bounded from above, by < or <=, such as ${FORM}`);
  }
  if (read.unit !== "duration") throw refuse(`expected a duration with its unit, such as ${FORM}`);
  const { aggregate, bound } = read;
  return {
    text,
    boundNs: bound * 1000,
    isInclusive: read.comparison === "<=",
    measure(latency) {
      const summary = latency.summary();
      if (summary === null) return null;
      return typeof aggregate === "string"
        ? summary[aggregate]
        : latency.quantile(aggregate.percentile / 100);
    },
  };
}
