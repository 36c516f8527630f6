import {
  splittingEstimate,
  type SplittingEstimate,
  type SplittingRun,
} from "../analysis/statistics/multilevel-splitting.js";
import { keyOf, type MonteCarloControl } from "./monte-carlo.js";
import type { PlanQuestion } from "./plan-question.js";
import type { RunThreads } from "./run-threads.js";

export interface RareEventOptions {
  readonly replications: number;
  /** Trajectories a stage and replication. */
  readonly effort: number;
}

/** The probability of a failure, by multilevel splitting. */
export interface RareEventEstimate extends SplittingEstimate {
  /** How near to a failure each stage begins; the last is the failure. */
  readonly levels: number[];
  readonly effort: number;
  /** Trajectories of all replications. */
  readonly trajectories: number;
}

/**
 * Estimates how likely a run has a failure, where that is too rare for plain runs. Same question, same
 * estimate, whatever the number of threads.
 *
 * @returns undefined when time ran out before the second replication.
 */
export async function estimateRareEvent(
  threads: RunThreads,
  question: PlanQuestion,
  { replications, effort }: RareEventOptions,
  control: MonteCarloControl,
): Promise<RareEventEstimate | undefined> {
  const key = keyOf(question);
  const seed = `${question.seed}/splitting`;
  const plan = await threads.startSplitting({ key, question, seed, effort });
  const runs: SplittingRun[] = [];
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    while (next < replications) {
      if (control.signal.aborted || control.nowMs() >= control.deadlineMs) return;
      const replication = next++;
      runs[replication] = await threads.replicate({ key, question, plan, replication });
      control.onProgress?.(++done, replications);
      await control.turn();
    }
  };
  await Promise.all(Array.from({ length: threads.width }, work));
  if (runs.length < 2) return undefined;
  const { levels } = plan;
  return {
    ...splittingEstimate(runs, levels.length),
    levels: [...levels],
    effort,
    trajectories: runs.reduce((sum, { passed }) => sum + passed.length * effort, 0),
  };
}
