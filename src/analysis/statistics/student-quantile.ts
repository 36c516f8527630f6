import { betaQuantile } from "./beta-quantile.js";

/**
 * The value below which a variable of Student's t distribution lies with this probability.
 *
 * @param probability above 0 and below 1.
 * @param degrees degrees of freedom, above 0.
 */
export function studentQuantile(probability: number, degrees: number): number {
  if (probability === 0.5) return 0;
  const tail = probability > 0.5 ? 1 - probability : probability;
  // The square of t, put as degrees / (degrees + t²), is a beta variable.
  const x = betaQuantile(2 * tail, degrees / 2, 0.5);
  const t = Math.sqrt((degrees * (1 - x)) / x);
  return probability > 0.5 ? t : -t;
}
