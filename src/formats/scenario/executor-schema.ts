import * as z from "zod";
import { TRACE_FORMATS } from "../traces/trace-event.js";
import { distribution } from "./distribution.js";
import { duration, positiveDuration } from "./duration.js";
import { nameRule, selectorRule } from "./field-rules.js";
import { PLACEMENT_NAMES } from "./placement-name.js";
import { choice, positiveNumber, text, wholeNumber } from "./schema-pieces.js";

/** Most pods that one executor may ask for at a time. */
const PODS_MAX = 1_000_000;

/** What every executor may say. */
const common = {
  name: text("a name", nameRule)
    .optional()
    .describe("Name of its pods and of its line in the result; that of the executor when absent."),
  startAfter: duration().prefault("0s").describe("When it begins, after the start of the run."),
};

/** What an executor whose pods are placed may say. */
const placed = {
  ...common,
  namespace: text("a namespace", nameRule).default("default").describe("Namespace of its pods."),
  placement: choice(PLACEMENT_NAMES)
    .default("round-robin")
    .describe("Which node a pod comes to, of those that have room."),
  nodeSelector: text("a selector such as all()", selectorRule)
    .default("all()")
    .describe("Calico selector over node labels: which nodes its pods may run on."),
};

const lifetime = distribution()
  .optional()
  .describe("How long a pod runs once it is ready; for ever when absent.");

const timeUnit = positiveDuration()
  .prefault("1s")
  .describe("What the rate counts pods in: 60 with timeUnit 1m is one a second.");

const rate = positiveNumber(1e6).describe("Pods that come in each timeUnit.");

const open =
  "The times come from the schedule alone; a pod that finds no node is counted, not put off.";

const TraceExecutorSchema = z.strictObject(
  {
    executor: z.literal("trace", '"trace"').describe("Replays a recorded churn of pods."),
    ...placed,
    file: text("a path")
      .min(1, "a path")
      .describe("The trace, plain or gzip; - is standard input."),
    format: choice([...TRACE_FORMATS, "auto"])
      .default("auto")
      .describe("openb: pod list CSV; google2011: job_events; auto tells by the first line."),
    compress: z
      .number("a number from 0.001 to 1000000000")
      .min(0.001, "a number from 0.001 to 1000000000")
      .max(1e9, "a number from 0.001 to 1000000000")
      .default(1)
      .describe("The trace's times are divided by this: 60 plays an hour in a minute."),
  },
  "a mapping with executor",
);

const ConstantArrivalRateSchema = z.strictObject(
  {
    executor: z
      .literal("constant-arrival-rate", '"constant-arrival-rate"')
      .describe(`Pods come at equal distances. ${open}`),
    ...placed,
    rate,
    timeUnit,
    duration: positiveDuration().describe("How long pods come."),
    lifetime,
  },
  "a mapping with executor",
);

const PoissonSchema = z.strictObject(
  {
    executor: z
      .literal("poisson", '"poisson"')
      .describe(`Pods come independently of each other, as a Poisson process. ${open}`),
    ...placed,
    rate,
    timeUnit,
    duration: positiveDuration().describe("How long pods come."),
    lifetime,
  },
  "a mapping with executor",
);

const BurstSchema = z.strictObject(
  {
    executor: z.literal("burst", '"burst"').describe(`Many pods at once. ${open}`),
    ...placed,
    pods: wholeNumber(1, PODS_MAX).describe("How many."),
    within: duration().prefault("0s").describe("They come evenly spread over this time."),
    lifetime,
  },
  "a mapping with executor",
);

/** One kind a name; the schema, the types and the messages follow from this list. */
export const ExecutorSchema = z.discriminatedUnion(
  "executor",
  [TraceExecutorSchema, ConstantArrivalRateSchema, PoissonSchema, BurstSchema],
  "a mapping with executor",
);

/** What a checked executor says, with its defaults; durations are in microseconds. */
export type CheckedExecutor = z.output<typeof ExecutorSchema>;
