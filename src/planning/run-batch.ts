import type { EventBatches } from "../workload/executors/trace.js";
import type { ExecutorOf } from "../formats/scenario/scenario.js";
import { Trace } from "../formats/traces/trace.js";
import { findProfile } from "../releases/profiles.js";
import { PlanRuns } from "./plan-run.js";
import { caseOfRun, type PlanQuestion, streamsOf } from "./plan-question.js";
import type { RunOutcome } from "./run-outcome.js";

/** A piece of work for one thread: some runs of one question. */
export interface RunBatch {
  /** Batches with the same key ask the same question. */
  readonly key: string;
  readonly question: PlanQuestion;
  readonly from: number;
  readonly count: number;
  /** Whether Calico's whole protocol runs beside the counts. */
  readonly isWitnessed: boolean;
}

/** Performs batches on this thread. Keeps what the runs of one question share. */
export class BatchRunner {
  #key = "";
  #runs: PlanRuns | undefined;

  async run({ key, question, from, count, isWitnessed }: RunBatch): Promise<RunOutcome[]> {
    const outcomes: RunOutcome[] = [];
    for (let run = from; run < from + count; run++) {
      const runs = this.#runsOf(key, question, run);
      outcomes.push(await runs.run(run, streamsOf(question, run), isWitnessed));
    }
    return outcomes;
  }

  #runsOf(key: string, question: PlanQuestion, run: number): PlanRuns {
    // With uncertain inputs each run is a case of its own.
    const isShared = question.ranges.length === 0;
    if (isShared && this.#runs !== undefined && this.#key === key) return this.#runs;
    const planned = caseOfRun(question, run);
    const { behaviours } = findProfile(planned.scenario.release)!;
    const runs = new PlanRuns(planned, behaviours, { openTrace });
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
