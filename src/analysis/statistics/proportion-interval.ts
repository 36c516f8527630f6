import { betaQuantile } from "./beta-quantile.js";
import { CONFIDENCE, type Interval } from "./interval.js";
import { normalQuantile } from "./normal-quantile.js";

function checkCounts(successes: number, trials: number): void {
  if (!(trials > 0 && successes >= 0 && successes <= trials)) {
    throw new RangeError(`expected successes out of trials, found ${successes} out of ${trials}`);
  }
}

/**
 * Interval of a probability of which `successes` out of `trials` were seen, after Wilson (1927). Its
 * coverage is near the confidence on average over the probability, where the exact interval's is
 * above it.
 *
 * @throws RangeError when there are more successes than trials, or no trial.
 */
export function wilsonInterval(
  successes: number,
  trials: number,
  confidence = CONFIDENCE,
): Interval {
  checkCounts(successes, trials);
  const z = normalQuantile((1 + confidence) / 2);
  const ratio = successes / trials;
  const weight = (z * z) / trials;
  const centre = (ratio + weight / 2) / (1 + weight);
  const spread = Math.sqrt((ratio * (1 - ratio)) / trials + weight / (4 * trials));
  const half = (z * spread) / (1 + weight);
  return {
    low: successes === 0 ? 0 : Math.max(0, centre - half),
    high: successes === trials ? 1 : Math.min(1, centre + half),
  };
}

/**
 * The exact interval of a probability, after Clopper and Pearson (1934): it covers at least with the
 * confidence, whatever the probability.
 *
 * @throws RangeError when there are more successes than trials, or no trial.
 */
export function clopperPearsonInterval(
  successes: number,
  trials: number,
  confidence = CONFIDENCE,
): Interval {
  checkCounts(successes, trials);
  const tail = (1 - confidence) / 2;
  return {
    low: successes === 0 ? 0 : betaQuantile(tail, successes, trials - successes + 1),
    high: successes === trials ? 1 : betaQuantile(1 - tail, successes + 1, trials - successes),
  };
}

/**
 * Upper bound of a probability of which nothing was seen in so many trials: the one-sided exact bound,
 * about 3 / trials at 95 %.
 */
export function unseenBound(trials: number, confidence = CONFIDENCE): number {
  checkCounts(0, trials);
  return 1 - (1 - confidence) ** (1 / trials);
}
