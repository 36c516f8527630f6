import { CONFIDENCE, type Interval } from "./interval.js";
import { unseenBound } from "./proportion-interval.js";
import { studentQuantile } from "./student-quantile.js";

/**
 * Multilevel splitting for probabilities too small for plain simulation: trajectories that come nearer
 * to the rare event are continued many times over. Fixed effort: every stage starts the same number of
 * trajectories from the states in which the last stage reached its level, spread evenly over them; the
 * product of the stages' success ratios is unbiased whatever the importance function is (Garvels, "The
 * splitting method in rare event simulation", 2000; L'Ecuyer, Demers and Tuffin, "Rare events,
 * splitting, and quasi-Monte Carlo", ACM TOMACS 2007). A poor importance function only widens the
 * interval.
 */

/** Importance at which the rare event has happened. All others are below. */
export const RARE_EVENT = 1;

/** How one trajectory went. */
export interface Passage<State> {
  /** The state in which it first was at or above the level; undefined when it ended before. */
  readonly entry: State | undefined;
  /** Highest importance that it had up to there. */
  readonly peak: number;
}

/** What is simulated. */
export interface SplittingProcess<State> {
  /**
   * Goes on from a state, which stays as it is (undefined: from the beginning), until the importance
   * is at least `level` or the trajectory ends. Same arguments, same passage; different streams are
   * independent.
   */
  advance(from: State | undefined, level: number, stream: string): Passage<State>;
}

/** How many trajectories of each stage reached its level. Stages after one that none passed are absent. */
export interface SplittingRun {
  readonly effort: number;
  readonly passed: readonly number[];
}

/**
 * One replication.
 *
 * @param levels ascending; the last is RARE_EVENT. To be chosen without knowledge of this replication.
 * @param effort trajectories a stage.
 * @param random for the spread over the states.
 */
export function splittingRun<State>(
  process: SplittingProcess<State>,
  levels: readonly number[],
  effort: number,
  stream: string,
  random: () => number,
): SplittingRun {
  let entries: (State | undefined)[] = [undefined];
  const passed: number[] = [];
  for (const [stage, level] of levels.entries()) {
    const reached: State[] = [];
    const first = Math.floor(random() * entries.length);
    for (let i = 0; i < effort; i++) {
      const from = entries[(first + i) % entries.length];
      const { entry } = process.advance(from, level, `${stream}/${stage}/${i}`);
      if (entry !== undefined) reached.push(entry);
    }
    passed.push(reached.length);
    if (reached.length === 0) break;
    shuffle(reached, random);
    entries = reached;
  }
  return { effort, passed };
}

function shuffle(items: unknown[], random: () => number): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
}

/** Share of the trajectories that should pass a stage: near the best for many kinds of process. */
const PASS_SHARE = 0.25;
const STAGES_MAX = 100;

/**
 * Levels at which about a quarter of the trajectories pass each stage, found by a run of its own that
 * must not be counted (levels from the same run would bias it). Ends with RARE_EVENT.
 *
 * @param effort trajectories a stage; at least 8.
 */
export function pilotLevels<State>(
  process: SplittingProcess<State>,
  effort: number,
  stream: string,
): number[] {
  const levels: number[] = [];
  let entries: (State | undefined)[] = [undefined];
  for (let stage = 0; stage < STAGES_MAX; stage++) {
    const starts = entries;
    const advance = (i: number, level: number) =>
      process.advance(starts[i % starts.length], level, `${stream}/${stage}/${i}`);
    const trials = Array.from({ length: effort }, (_, i) => i);
    const peaks = trials.map((i) => advance(i, RARE_EVENT).peak);
    const ranked = peaks.toSorted((a, b) => b - a);
    const last = levels.at(-1) ?? -Infinity;
    const aim = ranked[Math.floor(PASS_SHARE * effort)]!;
    // Where importance moves in steps, the quarter's value may be the last level again.
    const level = aim > last ? aim : ranked.findLast((peak) => peak > last);
    if (level === undefined || level >= RARE_EVENT) break;
    levels.push(level);
    // The same streams give the same trajectories, now stopped where they enter the level.
    entries = trials.filter((i) => peaks[i]! >= level).map((i) => advance(i, level).entry);
  }
  return [...levels, RARE_EVENT];
}

/** What all replications say together. */
export interface SplittingEstimate {
  /** 0 when no replication reached the event. */
  readonly probability: number;
  /** Null when it cannot be told: nothing was seen, or a single replication. */
  readonly interval: Interval | null;
  /** Above what the probability hardly is: for reports when nothing was seen. */
  readonly upperBound: number;
  readonly replications: number;
}

/**
 * Mean of independent replications with its t interval. When none reached the event the upper bound
 * is the product of the ratios of the stages that were passed and the exact bound of the stage that was
 * not; it takes those ratios as known.
 */
export function splittingEstimate(
  runs: readonly SplittingRun[],
  stages: number,
  confidence = CONFIDENCE,
): SplittingEstimate {
  const values = runs.map(({ effort, passed }) =>
    passed.length < stages ? 0 : passed.reduce((product, count) => (product * count) / effort, 1),
  );
  const replications = values.length;
  const probability = values.reduce((a, b) => a + b, 0) / replications;
  if (probability === 0) {
    return { probability, interval: null, upperBound: boundOf(runs, stages), replications };
  }
  if (replications < 2) return { probability, interval: null, upperBound: 1, replications };
  const squares = values.reduce((sum, value) => sum + (value - probability) ** 2, 0);
  const error = Math.sqrt(squares / (replications - 1) / replications);
  const half = studentQuantile((1 + confidence) / 2, replications - 1) * error;
  const high = Math.min(1, probability + half);
  const interval = { low: Math.max(0, probability - half), high };
  return { probability, interval, upperBound: high, replications };
}

function boundOf(runs: readonly SplittingRun[], stages: number): number {
  let product = 1;
  for (let stage = 0; stage < stages; stage++) {
    const there = runs.filter(({ passed }) => passed.length > stage);
    const trials = there.reduce((sum, { effort }) => sum + effort, 0);
    const passed = there.reduce((sum, run) => sum + run.passed[stage]!, 0);
    if (trials === 0) break;
    if (passed === 0) return product * unseenBound(trials);
    product *= passed / trials;
  }
  return product;
}
