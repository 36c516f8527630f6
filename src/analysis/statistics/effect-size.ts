import { mean, median, sampleDeviation } from "./sample.js";

/**
 * Cohen's d of paired differences: their mean in units of their standard deviation. Null when they
 * are all one value, since the unit is then 0.
 */
export function pairedCohensD(differences: ArrayLike<number>): number | null {
  const deviation = sampleDeviation(differences);
  return deviation === 0 ? null : mean(differences) / deviation;
}

/** Hodges and Lehmann's shift from `before` to `after`: the median of all n·m differences. */
export function hodgesLehmannShift(before: readonly number[], after: readonly number[]): number {
  const differences = new Float64Array(before.length * after.length);
  let filled = 0;
  for (const b of before) for (const a of after) differences[filled++] = a - b;
  return median(differences);
}
