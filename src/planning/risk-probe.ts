import { monteCarlo, type MonteCarloControl, type RunRange } from "./monte-carlo.js";
import type { PlanQuestion } from "./plan-question.js";
import type { PlanSettings } from "./plan-settings.js";
import type { RunOutcome } from "./run-outcome.js";
import type { RunThreads } from "./run-threads.js";

/** What is asked of a probe. */
export interface ProbeOptions {
  /** Largest share of the runs that may have a failure. */
  readonly target: number;
  readonly runs: number;
}

/** So many runs, with so many failures among them, say enough of settings that do not do. */
const FIRST_RUNS = 40;
const FAR_SHARE = 0.5;

/** Whether no more than the target's share of the runs failed; undefined when time ran out. */
export type Verdict = boolean | undefined;

/**
 * Asks of changed settings whether their risk is within a target. Every question has the same runs
 * with the same draws (common random numbers), so that two settings differ by what was changed and
 * not by luck. A verdict is that of all runs, whatever the number of threads, though those that too
 * many failures have decided are not all performed.
 */
export class RiskProbe {
  readonly #verdicts = new Map<string, Verdict>();

  constructor(
    private readonly threads: RunThreads,
    private readonly question: PlanQuestion,
    private readonly options: ProbeOptions,
    private readonly control: MonteCarloControl,
  ) {}

  get runs(): number {
    return this.options.runs;
  }

  /** Failed runs that the target allows. */
  get allowed(): number {
    // The product of 0.29 and 100 is a little below 29.
    return Math.floor(this.options.target * this.options.runs + 1e-9);
  }

  async meets(settings: PlanSettings): Promise<Verdict> {
    const key = JSON.stringify(settings);
    if (this.#verdicts.has(key)) return this.#verdicts.get(key);
    const isOver = (outcomes: readonly RunOutcome[]) => failedRuns(outcomes) > this.allowed;
    const outcomes = await this.#perform(settings, {}, isOver);
    const isWhole = outcomes.length === this.options.runs;
    const verdict = isOver(outcomes) ? false : isWhole ? true : undefined;
    this.#verdicts.set(key, verdict);
    return verdict;
  }

  /**
   * Runs with these settings: all of them, or the first ones when they leave no doubt that the risk is
   * far above the target.
   *
   * @returns undefined when time ran out.
   */
  async outcomes(settings: PlanSettings): Promise<RunOutcome[] | undefined> {
    const first = Math.min(this.options.runs, FIRST_RUNS);
    const outcomes = await this.#perform(settings, { count: first });
    if (outcomes.length < first) return undefined;
    const isFar = failedRuns(outcomes) > Math.max(this.allowed, first * FAR_SHARE);
    if (isFar || first === this.options.runs) return outcomes;
    const count = this.options.runs - first;
    const others = await this.#perform(settings, { from: first, count });
    return others.length === count ? [...outcomes, ...others] : undefined;
  }

  #perform(
    settings: PlanSettings,
    { from = 0, count = this.options.runs }: Partial<RunRange>,
    isDecided?: (outcomes: readonly RunOutcome[]) => boolean,
  ): Promise<RunOutcome[]> {
    const asked = { ...this.question, settings: { ...this.question.settings, ...settings } };
    return monteCarlo(this.threads, asked, { from, count }, this.control, isDecided);
  }
}

export function failedRuns(outcomes: readonly RunOutcome[]): number {
  return outcomes.reduce((sum, { failures }) => sum + (failures.length > 0 ? 1 : 0), 0);
}
