import { evaluateThresholds } from "../analysis/evaluate-thresholds.js";
import type { SimulationResult } from "../formats/result/simulation-result.js";
import type { Threshold } from "../formats/scenario/threshold.js";

/** Simulated time between two looks: a look costs as much as the cluster has blocks and handles. */
const LOOK_EVERY_US = 1_000_000;

/** Watches the thresholds that end a run as soon as they fail. */
export class AbortingThresholds {
  readonly #thresholds: readonly Threshold[];
  readonly #failed = new Set<string>();
  #nextLookUs = 0;

  constructor(thresholds: readonly Threshold[]) {
    this.#thresholds = thresholds.filter(({ abortOnFail }) => abortOnFail);
  }

  /** Whether one of them fails now; a metric without a value yet does not count. */
  fails(timeUs: number, resultNow: (completed: boolean) => SimulationResult): boolean {
    const due = this.#thresholds.filter(({ delayAbortEval }) => delayAbortEval <= timeUs);
    if (due.length === 0 || timeUs < this.#nextLookUs) return false;
    this.#nextLookUs = timeUs + LOOK_EVERY_US;
    for (const { check, passed, value } of evaluateThresholds(due, resultNow(false))) {
      if (!passed && value !== null) this.#failed.add(check);
    }
    return this.#failed.size > 0;
  }

  /** The result, with the thresholds marked that ended the run. */
  mark(result: SimulationResult): SimulationResult {
    if (this.#failed.size === 0) return result;
    const thresholds = result.thresholds.map((outcome) => ({
      ...outcome,
      aborted: this.#failed.has(outcome.check),
    }));
    return { ...result, thresholds };
  }
}
