import { sampleDeviation } from "./sample.js";
import { studentQuantile } from "./student-quantile.js";

/**
 * The smallest true difference that a paired comparison of this spread and size would have called
 * significant with the given power (0.8 by convention), at a two-sided level.
 *
 * @param level for instance 0.05, divided by the number of comparisons made.
 */
export function minimalDetectableDifference(
  differences: ArrayLike<number>,
  level: number,
  power = 0.8,
): number {
  const n = differences.length;
  if (n < 2) return Infinity;
  const reach = studentQuantile(1 - level / 2, n - 1) + studentQuantile(power, n - 1);
  return (reach * sampleDeviation(differences)) / Math.sqrt(n);
}
