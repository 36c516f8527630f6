import * as z from "zod";
import {
  constantDistribution,
  type Distribution,
  DRAWN_DISTRIBUTIONS,
  DURATION_OR_MAPPING,
  durationText,
} from "./distribution.js";
import type { Microseconds } from "./duration.js";
import { text } from "./schema-pieces.js";

/** One bar of a histogram: how many latencies were at most this long and longer than the bar before. */
export interface LatencyBar {
  readonly upToUs: Microseconds;
  readonly count: number;
}

const HistogramSchema = z.strictObject(
  {
    distribution: z.literal("histogram", "histogram"),
    file: text("a path")
      .min(1, "a path")
      .describe(
        "CSV file with the header latencyMs,count: the upper bound of each bar, ascending, and how " +
          "many of the measured latencies are in it. The first bar begins at 0; one with count 0 in " +
          "front of it says where the shortest begin. Within a bar each latency is as likely.",
      ),
  },
  "a distribution",
);

/** Latencies as a file tells them, as written in the scenario. */
type HistogramFile = z.output<typeof HistogramSchema>;

/** Latencies as they were measured. */
export interface MeasuredLatency extends HistogramFile {
  /** Ascending, with a total count above 0. */
  readonly bars: readonly LatencyBar[];
}

/** How long a request takes, as written in the scenario. */
export type WrittenLatency = Distribution | HistogramFile;

/** How long a request takes: the same for each, drawn for each by a law, or as it was measured. */
export type Latency = Distribution | MeasuredLatency;

const VariableSchema = z.discriminatedUnion(
  "distribution",
  [...DRAWN_DISTRIBUTIONS, HistogramSchema],
  DURATION_OR_MAPPING,
);

/** A duration that is the same for all, a mapping that tells how to draw it, or a measured histogram. */
export function latency() {
  return z.union([constantDistribution(), VariableSchema], DURATION_OR_MAPPING);
}

/** The latency in words, in milliseconds. */
export function latencyText(given: Latency): string {
  if (given.distribution !== "histogram") return durationText(given);
  const samples = given.bars.reduce((sum, { count }) => sum + count, 0);
  return `as measured in ${given.file}, ${samples} sample${samples === 1 ? "" : "s"}`;
}
