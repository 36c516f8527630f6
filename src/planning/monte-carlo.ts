import type { PlanQuestion } from "./plan-question.js";
import type { RunOutcome } from "./run-outcome.js";
import type { RunThreads } from "./run-threads.js";

/** When no further run is begun, and who is told. */
export interface MonteCarloControl {
  /** Monotonic time in milliseconds. */
  readonly nowMs: () => number;
  /** No batch is begun after this time. */
  readonly deadlineMs: number;
  /** No batch is begun once it is aborted. */
  readonly signal: AbortSignal;
  /** Lets signals and I/O have their turn. */
  readonly turn: () => Promise<void>;
  onProgress?(done: number, runs: number): void;
}

/** A batch should take about this long: short enough to stop soon, long enough to be worth sending. */
const BATCH_MS = 200;

const keys = new WeakMap<PlanQuestion, string>();
let keysGiven = 0;

/** Tells questions apart for the threads, which keep what the runs of one share. */
export function keyOf(question: PlanQuestion): string {
  const known = keys.get(question) ?? String(keysGiven++);
  keys.set(question, known);
  return known;
}

/** Runs from number `from` on that answer a question, of which some may be missing at the end. */
export interface RunRange {
  readonly from: number;
  readonly count: number;
}

/**
 * Performs runs of a question on all threads. Whatever the number of threads, run k is the same run;
 * and what is begun is finished, so that the outcomes are those of the first runs of the range and a
 * stop does not prefer short runs.
 *
 * @param isDecided asked after every batch with the outcomes so far; true ends it. With several
 *   threads it may be asked at other numbers of runs, so it may only save work.
 * @returns outcomes in order of their runs.
 */
export async function monteCarlo(
  threads: RunThreads,
  question: PlanQuestion,
  { from, count }: RunRange,
  control: MonteCarloControl,
  isDecided: (outcomes: readonly RunOutcome[]) => boolean = () => false,
): Promise<RunOutcome[]> {
  const key = keyOf(question);
  const outcomes: RunOutcome[] = [];
  const end = from + count;
  let next = from;
  let batchSize = 1;
  let isOver = false;
  const work = async (): Promise<void> => {
    while (next < end && !isOver) {
      if (control.signal.aborted || control.nowMs() >= control.deadlineMs) return;
      const batch = {
        key,
        question,
        from: next,
        count: Math.min(batchSize, end - next),
        isWitnessed: false,
      };
      next += batch.count;
      const startMs = control.nowMs();
      outcomes.push(...(await threads.run(batch)));
      const elapsedMs = Math.max(0.01, control.nowMs() - startMs);
      batchSize = Math.max(1, Math.min(256, Math.round((batch.count * BATCH_MS) / elapsedMs)));
      control.onProgress?.(outcomes.length, count);
      isOver ||= isDecided(outcomes);
      await control.turn();
    }
  };
  await Promise.all(Array.from({ length: threads.width }, work));
  return outcomes.sort((a, b) => a.run - b.run);
}
