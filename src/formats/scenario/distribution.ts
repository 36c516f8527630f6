import * as z from "zod";
import { duration, DURATION_TEXT, type Microseconds, positiveDuration } from "./duration.js";
import { positiveNumber } from "./schema-pieces.js";

/** How long something takes: the same for each, or drawn for each. */
export type Distribution =
  | { readonly distribution: "constant"; readonly value: Microseconds }
  | { readonly distribution: "uniform"; readonly min: Microseconds; readonly max: Microseconds }
  | { readonly distribution: "exponential"; readonly mean: Microseconds }
  | {
      readonly distribution: "lognormal";
      readonly median: Microseconds;
      readonly sigma: number;
    };

/** Completes "expected …". */
export const DURATION_OR_MAPPING = `${DURATION_TEXT}, or a mapping with distribution`;

/** The laws that a duration may be drawn by. */
export const DRAWN_DISTRIBUTIONS = [
  z
    .strictObject(
      {
        distribution: z.literal("uniform", "uniform"),
        min: duration().describe("Shortest."),
        max: duration().describe("Longest."),
      },
      "a distribution",
    )
    .superRefine(({ min, max }, context) => {
      if (max < min)
        context.addIssue({ code: "custom", path: ["max"], message: "max is below min" });
    }),
  z.strictObject(
    {
      distribution: z.literal("exponential", "exponential"),
      mean: positiveDuration().describe("Mean."),
    },
    "a distribution",
  ),
  z.strictObject(
    {
      distribution: z.literal("lognormal", "lognormal"),
      median: positiveDuration().describe("Half are shorter."),
      sigma: positiveNumber(10).describe("Standard deviation of the logarithm; 1 spreads widely."),
    },
    "a distribution",
  ),
] as const;

const DrawnSchema = z.discriminatedUnion("distribution", DRAWN_DISTRIBUTIONS, DURATION_OR_MAPPING);

/** A duration that is the same for all. */
export function constantDistribution() {
  return duration().transform((value): Distribution => ({ distribution: "constant", value }));
}

/** A duration that is the same for all, or a mapping that tells how to draw it. */
export function distribution() {
  return z.union([constantDistribution(), DrawnSchema], DURATION_OR_MAPPING);
}

/** The distribution in words, in milliseconds. */
export function durationText(distribution: Distribution): string {
  const ms = (us: Microseconds) => `${us / 1000} ms`;
  switch (distribution.distribution) {
    case "constant":
      return ms(distribution.value);
    case "uniform":
      return `${distribution.min / 1000} to ${ms(distribution.max)}`;
    case "exponential":
      return `exponential with mean ${ms(distribution.mean)}`;
    case "lognormal":
      return `lognormal with median ${ms(distribution.median)}, sigma ${distribution.sigma}`;
  }
}
