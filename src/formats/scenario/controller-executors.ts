import * as z from "zod";
import { duration, positiveDuration } from "./duration.js";
import { EXECUTOR, grace, lifetime, placedByController, podCount } from "./executor-pieces.js";
import { choice, wholeNumber } from "./schema-pieces.js";

/** Executors that do what Kubernetes' controllers of pods do. */

const SHARE = "a whole number or a percentage such as 25%";

/** Pods in number, or a share of the replicas. */
function share() {
  return z.union(
    [z.int(SHARE).min(0, SHARE).max(1_000_000, SHARE), z.string(SHARE).regex(/^\d{1,3}%$/, SHARE)],
    SHARE,
  );
}

/** Most rounds of an executor that repeats itself. */
const ROUNDS_MAX = 100_000;

const DeploymentRolloutSchema = z.strictObject(
  {
    executor: z
      .literal("deployment-rollout", '"deployment-rollout"')
      .describe(
        "A Deployment: its replicas at the start, then rolling updates that replace them. What is " +
          "evicted or lost is replaced.",
      ),
    ...placedByController,
    replicas: podCount.describe("How many pods it keeps."),
    rollouts: wholeNumber(0, ROUNDS_MAX).default(1).describe("How many rolling updates follow."),
    every: positiveDuration()
      .prefault("10m")
      .describe("From the start to the first update, and from one to the next."),
    maxSurge: share()
      .default("25%")
      .describe("Pods above the replicas during an update; a percentage is rounded up."),
    maxUnavailable: share()
      .default("25%")
      .describe("Replicas that may be missing during an update; a percentage is rounded down."),
    grace,
  },
  EXECUTOR,
);

const CronJobSchema = z.strictObject(
  {
    executor: z
      .literal("cronjob", '"cronjob"')
      .describe("CronJobs that all start at the same times, as * * * * * makes them."),
    ...placedByController,
    jobs: podCount.default(1).describe("How many CronJobs."),
    podsPerJob: podCount.default(1).describe("Pods of each run of each of them."),
    every: positiveDuration().prefault("1m").describe("From one run to the next."),
    runs: wholeNumber(1, ROUNDS_MAX).describe("How many runs."),
    lifetime,
    concurrencyPolicy: choice(["Allow", "Forbid", "Replace"])
      .default("Allow")
      .describe("What becomes of a run while the one before is still there."),
  },
  EXECUTOR,
);

const JobWaveSchema = z.strictObject(
  {
    executor: z
      .literal("job-wave", '"job-wave"')
      .describe("Batches of many pods that come together and end when they are done."),
    ...placedByController,
    pods: podCount.describe("Pods of a wave."),
    within: duration().prefault("0s").describe("A wave comes evenly spread over this time."),
    waves: wholeNumber(1, ROUNDS_MAX).default(1).describe("How many waves."),
    every: positiveDuration().prefault("15m").describe("From one wave to the next."),
    lifetime,
  },
  EXECUTOR,
);

export const CONTROLLER_EXECUTORS = [
  DeploymentRolloutSchema,
  CronJobSchema,
  JobWaveSchema,
] as const;
