import { hodgesLehmannShift } from "../statistics/effect-size.js";
import { mannWhitney } from "../statistics/mann-whitney.js";
import { median, relativeSpread } from "../statistics/sample.js";

/** Repetitions of a measurement: enough to see 10 % through a spread of 4 %. */
export const REPETITIONS = 12;

/** Below this p-value, two-sided, two sets of ratios count as different. */
const LEVEL = 0.02;

/** Smaller shifts are left alone: the calibration loop takes out no less than this of a machine's moods. */
const SHIFT_MIN = 0.045;

/**
 * Ratios that spread more come from moods that outlast a repetition, or from code that is still being
 * compiled, so that whole measurements are shifted too. There only what is beyond three times the spread is
 * believed.
 */
const CALM_SPREAD_MAX = 0.07;
const SPREADS_BELIEVED = 3;

export interface Slowdown {
  /** Shift of the ratio against the baseline: 0.1 is 10 % more processor time. */
  readonly shift: number;
  readonly p: number;
  /** Relative standard deviation of the ratios, of the baseline's or the new ones, whichever is larger. */
  readonly spread: number;
  /** Shifts below this are not judged. */
  readonly shiftMin: number;
  readonly isSlower: boolean;
}

/** Whether the ratios are higher than the baseline's, by Mann and Whitney's test. */
export function compareRatios(baseline: readonly number[], ratios: readonly number[]): Slowdown {
  const shift = hodgesLehmannShift(baseline, ratios) / median(baseline);
  const { p } = mannWhitney(baseline, ratios);
  const spread = Math.max(relativeSpread(baseline), relativeSpread(ratios));
  const shiftMin = spread <= CALM_SPREAD_MAX ? SHIFT_MIN : SPREADS_BELIEVED * spread;
  return { shift, p, spread, shiftMin, isSlower: p <= LEVEL && shift >= shiftMin };
}

export interface ThroughputVerdict {
  readonly passed: boolean;
  readonly first: Slowdown;
  /** Undefined when the first measurement saw nothing. */
  readonly second: Slowdown | undefined;
}

/**
 * Checks measured throughput against a baseline. A slowdown must be seen twice, in two measurements,
 * before it counts.
 *
 * @param measure makes `REPETITIONS` ratios.
 */
export async function checkThroughput(
  baseline: readonly number[],
  measure: () => Promise<readonly number[]>,
): Promise<ThroughputVerdict> {
  const first = compareRatios(baseline, await measure());
  if (!first.isSlower) return { passed: true, first, second: undefined };
  const second = compareRatios(baseline, await measure());
  return { passed: !second.isSlower, first, second };
}
