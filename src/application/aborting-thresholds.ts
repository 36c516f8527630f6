import { evaluateThresholds } from "../analysis/evaluate-thresholds.js";
import type { SimulationResult } from "../formats/result/simulation-result.js";
import type { Threshold } from "../formats/scenario/threshold.js";

/** Watches the thresholds that end a run as soon as they fail. */
export class AbortingThresholds {
  readonly #thresholds: readonly Threshold[];
  readonly #failed = new Set<string>();

  constructor(thresholds: readonly Threshold[]) {
    this.#thresholds = thresholds.filter(({ abortOnFail }) => abortOnFail);
  }

  /** Whether one of them fails now; a metric without a value yet does not count. */
  fails(timeUs: number, resultNow: (completed: boolean) => SimulationResult): boolean {
    const due = this.#thresholds.filter(({ delayAbortEval }) => delayAbortEval <= timeUs);
    if (due.length === 0) return false;
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
