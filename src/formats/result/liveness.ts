import { z } from "zod";
import { count } from "./result-pieces.js";

/** What keeps a cluster from being at rest. */
export const UNSETTLED = [
  "pods without network",
  "pending affinities",
  "affinities being deleted",
  "blocks of nodes that are gone",
  "leaked addresses",
  "candidates of the collector",
] as const;

export type UnsettledName = (typeof UNSETTLED)[number];

const microseconds = z.int().nonnegative();

/** The phase after arrivals and faults have stopped, in which the cluster has to come to rest. */
export const LivenessSchema = z.strictObject({
  beganUs: microseconds.describe("When arrivals and faults stopped."),
  withinUs: microseconds.describe("How long the cluster had to come to rest."),
  tookUs: microseconds.nullable().describe("How long it took; null when it did not."),
  verdict: z
    .enum(["at rest", "stable bad state", "still moving", "interrupted"])
    .describe(
      "stable bad state: something is left that did not become less in the second half of the time; " +
        "still moving: all that is left became less.",
    ),
  states: z
    .array(
      z.strictObject({
        name: z.enum(UNSETTLED),
        atBegin: count,
        halfway: count,
        atEnd: count,
      }),
    )
    .describe(
      "What kept the cluster from rest, at the begin, half of the time later, and at the end.",
    ),
});

export type Liveness = z.infer<typeof LivenessSchema>;
