import type { Interval } from "./interval.js";
import { normalQuantile } from "./normal-quantile.js";
import { normalUpperTail } from "./normal-tail.js";
import { isConstant, mean, quantileOfSorted, sampleDeviation } from "./sample.js";

/** How an interval was made; a report says which. */
export type IntervalMethod =
  /** Studentised bootstrap: each resample's mean in units of its own standard error. */
  | "bootstrap-t"
  /** Bias-corrected and accelerated, where too many resamples have next to no spread to divide by. */
  | "BCa"
  /** All differences are one value. */
  | "constant";

/** What paired differences say of their mean. */
export interface PairedInterval extends Interval {
  readonly mean: number;
  /** Two-sided: the highest confidence at which the interval would exclude 0 is 1 - p. */
  readonly p: number;
  readonly method: IntervalMethod;
}

export interface BootstrapOptions {
  /** For instance 0.95. */
  readonly confidence: number;
  readonly resamples: number;
  /** A named stream, so that the same differences give the same interval. */
  readonly random: () => number;
}

/** Fewest differences of which an interval is told. */
export const PAIRS_MIN = 5;

/** More resamples without spread than this share, and the studentised interval is not defined. */
const FLAT_SHARE_MAX = 0.01;

/**
 * An end of a studentised interval lies at most this many standard errors from the mean. Beyond it, a
 * single outlier makes the interval: resamples without it have next to no spread to divide by.
 */
const ERRORS_MAX = 30;

interface Resamples {
  /** Means, ascending. */
  readonly means: Float64Array;
  /** (mean - observed mean) / standard error of the resample, ascending; flat ones left out. */
  readonly pivots: Float64Array;
}

function resample(values: Float64Array, { resamples, random }: BootstrapOptions): Resamples {
  const n = values.length;
  const observed = mean(values);
  const means = new Float64Array(resamples);
  const pivots = new Float64Array(resamples);
  let filled = 0;
  for (let i = 0; i < resamples; i++) {
    let whole = 0;
    let sum = 0;
    let squares = 0;
    for (let j = 0; j < n; j++) {
      const drawn = values[Math.floor(random() * n)]!;
      whole += drawn;
      // Centred values keep the sum of squares exact where the mean is large.
      const value = drawn - observed;
      sum += value;
      squares += value * value;
    }
    const shift = sum / n;
    // Not observed + shift: the mean of zeros must be 0 itself, or p does not count it.
    means[i] = whole / n;
    const variance = (squares - sum * shift) / (n - 1);
    if (variance > 1e-12 * squares) pivots[filled++] = shift / Math.sqrt(variance / n);
  }
  return { means: means.sort(), pivots: pivots.slice(0, filled).sort() };
}

/** Twice the smaller tail, never 0: what was never seen in B draws may be as likely as 1 in B + 1. */
function twoSided(below: number, above: number, draws: number): number {
  return Math.min(1, (2 * (Math.min(below, above) + 1)) / (draws + 1));
}

function countBelow(sorted: Float64Array, limit: number, inclusive: boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < limit || (inclusive && sorted[middle] === limit)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Undefined where a single outlier would make the interval. */
function studentised(values: Float64Array, pivots: Float64Array, confidence: number) {
  const centre = mean(values);
  const error = sampleDeviation(values) / Math.sqrt(values.length);
  const tail = (1 - confidence) / 2;
  const t = centre / error;
  const below = countBelow(pivots, t, true);
  const [lowest, highest] = [quantileOfSorted(pivots, tail), quantileOfSorted(pivots, 1 - tail)];
  if (Math.max(-lowest, highest) > ERRORS_MAX) return undefined;
  return {
    low: centre - highest * error,
    high: centre - lowest * error,
    p: twoSided(below, pivots.length - countBelow(pivots, t, false), pivots.length),
  };
}

/** Efron's acceleration, from the values without each of them in turn. */
function acceleration(values: Float64Array): number {
  const centre = mean(values);
  let squares = 0;
  let cubes = 0;
  for (const value of values) {
    squares += (value - centre) ** 2;
    cubes += (value - centre) ** 3;
  }
  return cubes / (6 * squares ** 1.5);
}

function biasCorrected(values: Float64Array, means: Float64Array, confidence: number) {
  const draws = means.length;
  const centre = mean(values);
  const ties = countBelow(means, centre, true) - countBelow(means, centre, false);
  const below = (countBelow(means, centre, false) + ties / 2) / draws;
  const clamp = (share: number) => Math.min(1 - 0.5 / draws, Math.max(0.5 / draws, share));
  const bias = normalQuantile(clamp(below));
  const a = acceleration(values);
  const shareAt = (p: number) => {
    const z = bias + normalQuantile(p);
    return clamp(1 - normalUpperTail(bias + z / (1 - a * z)));
  };
  const tail = (1 - confidence) / 2;
  // The same correction backwards, for the confidence at which the interval touches 0.
  const atZero = normalQuantile(clamp(countBelow(means, 0, true) / draws)) - bias;
  const z = atZero / (1 + a * atZero) - bias;
  return {
    low: quantileOfSorted(means, shareAt(tail)),
    high: quantileOfSorted(means, shareAt(1 - tail)),
    p: Math.min(1, Math.max(2 / (draws + 1), 2 * normalUpperTail(Math.abs(z)))),
  };
}

/**
 * A confidence interval of the mean of paired differences, and the p-value that belongs to it, both
 * from one bootstrap. Nothing is assumed of the distribution but independent pairs.
 *
 * @throws RangeError for fewer than `PAIRS_MIN` differences.
 */
export function pairedInterval(
  differences: ArrayLike<number>,
  options: BootstrapOptions,
): PairedInterval {
  const values = Float64Array.from(differences);
  if (values.length < PAIRS_MIN) {
    throw new RangeError(`expected at least ${PAIRS_MIN} differences, found ${values.length}`);
  }
  const centre = mean(values);
  if (isConstant(values)) {
    const value = values[0]!;
    return { mean: value, low: value, high: value, p: value === 0 ? 1 : 0, method: "constant" };
  }
  const { means, pivots } = resample(values, options);
  const flat = options.resamples - pivots.length;
  const studied =
    flat > FLAT_SHARE_MAX * options.resamples
      ? undefined
      : studentised(values, pivots, options.confidence);
  return studied === undefined
    ? { mean: centre, ...biasCorrected(values, means, options.confidence), method: "BCa" }
    : { mean: centre, ...studied, method: "bootstrap-t" };
}
