import type { Distribution } from "../formats/scenario/distribution.js";

/** Draws durations in whole microseconds, one draw of the stream (two for `lognormal`) each. */
export type DurationSampler = () => number;

/** A draw from the normal distribution, by Box and Muller; always two draws of the stream. */
function normal(random: () => number): number {
  // 1 - u is never 0.
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  return radius * Math.cos(2 * Math.PI * random());
}

/** @param random stream of draws in [0, 1). */
export function createDurationSampler(
  distribution: Distribution,
  random: () => number,
): DurationSampler {
  switch (distribution.distribution) {
    case "constant":
      return () => distribution.value;
    case "uniform": {
      const { min, max } = distribution;
      return () => Math.round(min + random() * (max - min));
    }
    case "exponential":
      return () => Math.round(-Math.log(1 - random()) * distribution.mean);
    case "lognormal":
      return () => Math.round(distribution.median * Math.exp(distribution.sigma * normal(random)));
  }
}

/**
 * How much longer lives what has lived for so long, by one draw of the law given its age, in whole
 * microseconds. Undefined for the laws that are not drawn anew: `constant`, where age says all, and
 * `lognormal`.
 */
export function drawResidualUs(
  distribution: Distribution,
  ageUs: number,
  random: () => number,
): number | undefined {
  switch (distribution.distribution) {
    case "exponential":
      return Math.round(-Math.log(1 - random()) * distribution.mean);
    case "uniform": {
      const { min, max } = distribution;
      const from = Math.max(min, ageUs);
      return Math.round(from + random() * (max - from)) - ageUs;
    }
    case "constant":
    case "lognormal":
      return undefined;
  }
}
