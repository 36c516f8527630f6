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
