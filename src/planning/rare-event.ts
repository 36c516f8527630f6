import {
  type Passage,
  pilotLevels,
  type SplittingProcess,
  type SplittingRun,
  splittingRun,
} from "../analysis/statistics/multilevel-splitting.js";
import { RandomStreams } from "../simulation/random-streams.js";
import type { PlanRuns } from "./plan-run.js";
import { type RunSegment, SplitStreams } from "./split-streams.js";

/** A run up to the point at which it first came so near to a failure. */
export type RunPrefix = readonly RunSegment[];

/**
 * Runs of one case for multilevel splitting: how near a run is to its first failure is the share of
 * the addresses, once within reach of the node that asks, that are not any more.
 */
class RunsToFailure implements SplittingProcess<RunPrefix> {
  constructor(private readonly runs: PlanRuns) {}

  advance(from: RunPrefix | undefined, level: number, stream: string): Passage<RunPrefix> {
    const followed = from ?? [];
    const streams = new SplitStreams(followed, stream);
    const { peak, reachedAt } = this.runs.approach(streams, level);
    // A run that is at the level before it goes its own way is the one that it follows.
    const begun = followed.at(-1)?.until ?? 0;
    const entry =
      reachedAt === undefined
        ? undefined
        : reachedAt <= begun
          ? followed
          : [...followed, { seed: stream, until: reachedAt }];
    return { entry, peak };
  }
}

export interface SplittingPlan {
  readonly levels: readonly number[];
  readonly effort: number;
  readonly seed: string;
}

/** Trajectories a stage of the run that chooses the levels. */
const PILOT_EFFORT = 128;

export function planSplitting(runs: PlanRuns, seed: string, effort: number): SplittingPlan {
  const levels = pilotLevels(new RunsToFailure(runs), PILOT_EFFORT, `${seed}/pilot`);
  return { levels, effort, seed };
}

/** One replication of many. */
export function replicate(runs: PlanRuns, plan: SplittingPlan, replication: number): SplittingRun {
  const { levels, effort, seed } = plan;
  const stream = `${seed}/${replication}`;
  const spread = new RandomStreams(stream).stream("spread");
  return splittingRun(new RunsToFailure(runs), levels, effort, stream, spread);
}
