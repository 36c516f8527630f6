import * as z from "zod";
import { duration } from "./duration.js";
import { flag, text } from "./schema-pieces.js";

const EXPECTED = "a threshold such as success_rate > 99.9%";

const FullSchema = z.strictObject(
  {
    check: text(EXPECTED).describe("The threshold."),
    abortOnFail: flag().default(false).describe("Ends the run as soon as it fails."),
    delayAbortEval: duration().prefault("0s").describe("But not before this time of the run."),
  },
  EXPECTED,
);

const alone = (check: string) => ({ check, abortOnFail: false, delayAbortEval: 0 });

/** What YAML makes of `- allocation_latency: p(99) < 5s`. */
const OneMetricSchema = z
  .record(z.string(), z.string(EXPECTED), EXPECTED)
  .refine((written) => Object.keys(written).length === 1, "expected one metric")
  .transform((written) => alone(Object.entries(written)[0]!.join(": ")));

/**
 * A threshold as users write it: a text; a mapping of one metric to the rest; or a mapping with
 * `check` and what to do. Whether the text is a threshold is told by `threshold-findings.ts`, which
 * knows the metrics.
 */
export const ThresholdSchema = z.union(
  [text(EXPECTED).transform(alone), FullSchema, OneMetricSchema],
  EXPECTED,
);
