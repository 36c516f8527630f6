import * as z from "zod";
import { TRACE_FORMATS } from "../traces/trace-event.js";
import { duration, positiveDuration } from "./duration.js";
import {
  EXECUTOR,
  lifetimeOrForEver,
  OPEN,
  placedBySchedule,
  podCount,
  rate,
  timeUnit,
} from "./executor-pieces.js";
import { choice, text } from "./schema-pieces.js";

/** Executors whose pods come by a schedule, whatever becomes of those before: open models. */

const COMPRESS = "a number from 0.001 to 1000000000";

const TraceSchema = z.strictObject(
  {
    executor: z.literal("trace", '"trace"').describe("Replays a recorded churn of pods."),
    ...placedBySchedule,
    file: text("a path")
      .min(1, "a path")
      .describe("The trace, plain or gzip; - is standard input."),
    format: choice([...TRACE_FORMATS, "auto"])
      .default("auto")
      .describe(
        "openb: pod list CSV; google2011: job_events; azure: function invocations; csv: columns " +
          "time, event, pod and maybe node; kubectl: kubectl get pods -A -o json, also --watch; " +
          "audit: the API server's audit log; sktrace: what SimKube recorded; auto tells by the beginning of the file.",
      ),
    compress: z
      .number(COMPRESS)
      .min(0.001, COMPRESS)
      .max(1e9, COMPRESS)
      .default(1)
      .describe("The trace's times are divided by this: 60 plays an hour in a minute."),
  },
  EXECUTOR,
);

const ConstantArrivalRateSchema = z.strictObject(
  {
    executor: z
      .literal("constant-arrival-rate", '"constant-arrival-rate"')
      .describe(`Pods come at equal distances. ${OPEN}`),
    ...placedBySchedule,
    rate,
    timeUnit,
    duration: positiveDuration().describe("How long pods come."),
    lifetime: lifetimeOrForEver,
  },
  EXECUTOR,
);

const TARGET = "a number from 0 to 1000000";

const StageSchema = z.strictObject(
  {
    duration: positiveDuration().describe("How long the stage takes."),
    target: z
      .number(TARGET)
      .min(0, TARGET)
      .max(1e6, TARGET)
      .describe("The rate at its end; it changes evenly towards it."),
  },
  "a stage with duration and target",
);

const RampingArrivalRateSchema = z.strictObject(
  {
    executor: z
      .literal("ramping-arrival-rate", '"ramping-arrival-rate"')
      .describe(`Pods come at a rate that rises and falls by stages. ${OPEN}`),
    ...placedBySchedule,
    startRate: z
      .number(TARGET)
      .min(0, TARGET)
      .max(1e6, TARGET)
      .default(0)
      .describe("The rate at the beginning, in pods in each timeUnit."),
    timeUnit,
    stages: z
      .array(StageSchema, "a list of stages")
      .min(1, "at least one stage")
      .describe("What becomes of the rate, one stage after the other."),
    lifetime: lifetimeOrForEver,
  },
  EXECUTOR,
);

const PoissonSchema = z.strictObject(
  {
    executor: z
      .literal("poisson", '"poisson"')
      .describe(`Pods come independently of each other, as a Poisson process. ${OPEN}`),
    ...placedBySchedule,
    rate,
    timeUnit,
    duration: positiveDuration().describe("How long pods come."),
    lifetime: lifetimeOrForEver,
  },
  EXECUTOR,
);

const BurstSchema = z.strictObject(
  {
    executor: z.literal("burst", '"burst"').describe(`Many pods at once. ${OPEN}`),
    ...placedBySchedule,
    pods: podCount.describe("How many."),
    within: duration().prefault("0s").describe("They come evenly spread over this time."),
    lifetime: lifetimeOrForEver,
  },
  EXECUTOR,
);

export const ARRIVAL_EXECUTORS = [
  TraceSchema,
  ConstantArrivalRateSchema,
  RampingArrivalRateSchema,
  PoissonSchema,
  BurstSchema,
] as const;
