import type { SplittingRun } from "../analysis/statistics/multilevel-splitting.js";
import type { ExecutorOf } from "../formats/scenario/scenario.js";
import { Trace } from "../formats/traces/trace.js";
import { findProfile } from "../releases/profiles.js";
import type { EventBatches } from "../workload/executors/trace.js";
import { caseOfRun, type PlanQuestion, streamsOf } from "./plan-question.js";
import { ClusterRuns } from "./cluster-run.js";
import { isInTime } from "./plan-case.js";
import { PlanRuns } from "./plan-run.js";
import { planSplitting, replicate, type SplittingPlan } from "./rare-event.js";
import type { RunOutcome } from "./run-outcome.js";

/** What a piece of work is about. */
interface Work {
  /** Pieces of work with the same key ask the same question. */
  readonly key: string;
  readonly question: PlanQuestion;
}

/** Some runs of one question. */
export interface RunBatch extends Work {
  readonly from: number;
  readonly count: number;
  /** Whether Calico's whole protocol runs beside the counts. */
  readonly isWitnessed: boolean;
}

/** The choice of levels for multilevel splitting. */
export interface SplittingStart extends Work {
  readonly seed: string;
  readonly effort: number;
}

/** One replication of multilevel splitting. */
export interface Replication extends Work {
  readonly plan: SplittingPlan;
  readonly replication: number;
}

type CaseRuns = Pick<PlanRuns, "run">;

/** Performs pieces of work on one thread. Keeps what the runs of one question share. */
export class BatchRunner {
  #key = "";
  #runs: CaseRuns | undefined;

  async run({ key, question, from, count, isWitnessed }: RunBatch): Promise<RunOutcome[]> {
    const outcomes: RunOutcome[] = [];
    for (let run = from; run < from + count; run++) {
      const runs = this.#runsOf(key, question, run);
      outcomes.push(await runs.run(run, streamsOf(question, run), isWitnessed));
    }
    return outcomes;
  }

  startSplitting({ key, question, seed, effort }: SplittingStart): Promise<SplittingPlan> {
    return Promise.resolve(planSplitting(this.#countedRunsOf(key, question), seed, effort));
  }

  replicate({ key, question, plan, replication }: Replication): Promise<SplittingRun> {
    return Promise.resolve(replicate(this.#countedRunsOf(key, question), plan, replication));
  }

  /** Only runs of counts can be continued from any point. */
  #countedRunsOf(key: string, question: PlanQuestion): PlanRuns {
    const runs = this.#runsOf(key, question, 0);
    if (!(runs instanceof PlanRuns)) throw new TypeError("splitting needs runs of counts");
    return runs;
  }

  #runsOf(key: string, question: PlanQuestion, run: number): CaseRuns {
    // With uncertain inputs each run is a case of its own.
    const isShared = question.ranges.length === 0;
    if (isShared && this.#runs !== undefined && this.#key === key) return this.#runs;
    const planned = caseOfRun(question, run);
    const { behaviours } = findProfile(planned.scenario.release)!;
    const runs = isInTime(planned)
      ? new ClusterRuns(planned, behaviours, { openTrace })
      : new PlanRuns(planned, behaviours, { openTrace });
    if (isShared) {
      this.#key = key;
      this.#runs = runs;
    }
    return runs;
  }
}

/** Opens a trace anew for each run: it is read at the speed of its file. */
function openTrace({ file, format, compress }: ExecutorOf<"trace">): EventBatches {
  return new Trace(file, { format, compress }).events();
}
