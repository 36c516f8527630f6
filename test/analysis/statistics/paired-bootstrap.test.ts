import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hodgesLehmannShift, pairedCohensD } from "../../../src/analysis/statistics/effect-size.js";
import { minimalDetectableDifference } from "../../../src/analysis/statistics/minimal-detectable.js";
import { normalQuantile } from "../../../src/analysis/statistics/normal-quantile.js";
import { pairedInterval } from "../../../src/analysis/statistics/paired-bootstrap.js";
import { RandomStreams } from "../../../src/simulation/random-streams.js";
import { reference } from "./reference.js";

const streams = new RandomStreams("statistics");

/** Normal draws; a stream gives values in [0, 1) with 32 bits. */
function normalDraw(random: () => number): number {
  return normalQuantile((Math.floor(random() * 2 ** 32) + 0.5) / 2 ** 32);
}

describe("pairedInterval", () => {
  it.each(reference.bootstrap)("agrees with SciPy's and NumPy's: %#", (known) => {
    const random = streams.stream("reference");
    const found = pairedInterval(known.differences, {
      confidence: 0.95,
      resamples: 100_000,
      random,
    });
    const isFlat = known.flatShare > 0.01;
    expect(found.method).toBe(isFlat ? "BCa" : "bootstrap-t");
    const [low, high] = isFlat ? known.bca : known.studentised;
    // Both are drawn: they agree to the noise of their draws, of few whole numbers to one step.
    const step = isFlat ? 1.001 / known.differences.length : 0;
    const tolerance = Math.max(step, 0.02 * (high - low));
    expect(Math.abs(found.low - low)).toBeLessThan(tolerance);
    expect(Math.abs(found.high - high)).toBeLessThan(tolerance);
  });

  it("has a p-value that says the same as the interval", () => {
    const sample = fc.array(fc.integer({ min: -5, max: 7 }), { minLength: 5, maxLength: 30 });
    fc.assert(
      fc.property(sample, (differences) => {
        const options = { confidence: 0.95, resamples: 999, random: streams.stream("agree") };
        const { low, high, p } = pairedInterval(differences, options);
        const slack = 0.01;
        if (low > 0 || high < 0) expect(p).toBeLessThan(0.05 + slack);
        if (low < 0 && high > 0) expect(p).toBeGreaterThan(0.05 - slack);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("gives the same interval for the same stream, and turns with the sign", () => {
    const differences = [3, 1, 4, 1, 5, -9, 2, 6];
    const of = (values: number[]) =>
      pairedInterval(values, { confidence: 0.9, resamples: 2000, random: streams.stream("s") });
    expect(of(differences)).toEqual(of(differences));
    const turned = of(differences.map((value) => -value));
    expect(turned.low).toBeCloseTo(-of(differences).high, 10);
    expect(turned.p).toBeCloseTo(of(differences).p, 10);
  });

  it("says of equal differences that they are constant", () => {
    const options = { confidence: 0.95, resamples: 100, random: streams.stream("c") };
    expect(pairedInterval([2, 2, 2, 2, 2], options)).toEqual({
      mean: 2,
      low: 2,
      high: 2,
      p: 0,
      method: "constant",
    });
    expect(pairedInterval([0, 0, 0, 0, 0], options).p).toBe(1);
    expect(() => pairedInterval([1, 2, 3, 4], options)).toThrow("at least 5 differences");
  });

  /** Share of 2,000 samples whose interval covers the true mean, and share of those p < 0.05. */
  function coverage(size: number, draw: (random: () => number) => number, truth: number) {
    const random = streams.stream(`coverage/${size}`);
    let covered = 0;
    let rejected = 0;
    for (let i = 0; i < 2000; i++) {
      const sample = Float64Array.from({ length: size }, () => draw(random));
      const options = { confidence: 0.95, resamples: 999, random };
      const { low, high } = pairedInterval(sample, options);
      if (low <= truth && truth <= high) covered++;
      const shifted = sample.map((value) => value - truth);
      if (pairedInterval(shifted, { ...options, resamples: 199 }).p < 0.05) rejected++;
    }
    return { covered: covered / 2000, rejected: rejected / 2000 };
  }

  it.each([
    {
      of: "10 normal differences",
      size: 10,
      truth: 0.7,
      draw: (r: () => number) => 0.7 + normalDraw(r),
    },
    {
      of: "20 normal differences",
      size: 20,
      truth: -3,
      draw: (r: () => number) => 5 * normalDraw(r) - 3,
    },
    {
      of: "20 skewed differences",
      size: 20,
      truth: 1,
      draw: (r: () => number) => -Math.log(1 - r()),
    },
    {
      of: "30 small counts",
      size: 30,
      truth: 0.5,
      draw: (r: () => number) => Math.floor(r() * 4) - 1,
    },
  ])("covers the truth in 93 to 97 % of 2,000 samples of $of", ({ size, truth, draw }) => {
    const { covered, rejected } = coverage(size, draw, truth);
    expect(covered).toBeGreaterThanOrEqual(0.93);
    expect(covered).toBeLessThanOrEqual(0.97);
    expect(rejected).toBeLessThanOrEqual(0.07);
    expect(rejected).toBeGreaterThanOrEqual(0.02);
  });
});

describe("effect sizes", () => {
  it("is the mean in standard deviations", () => {
    expect(pairedCohensD([1, 2, 3])).toBeCloseTo(2, 12);
    expect(pairedCohensD([4, 4])).toBeNull();
  });

  it("is the middle of all differences", () => {
    expect(hodgesLehmannShift([1, 2, 3], [11, 12, 13])).toBe(10);
    expect(hodgesLehmannShift([1, 2, 300], [11, 12, 13])).toBe(10);
  });
});

describe("minimalDetectableDifference", () => {
  it("is seen in about 80 % of samples with just that difference", () => {
    const random = streams.stream("power");
    const size = 15;
    let seen = 0;
    for (let i = 0; i < 1000; i++) {
      const noise = Float64Array.from({ length: size }, () => normalDraw(random));
      const { low } = pairedInterval(
        noise.map((value) => value + detectable(size)),
        { confidence: 0.95, resamples: 399, random },
      );
      if (low > 0) seen++;
    }
    expect(seen / 1000).toBeGreaterThan(0.75);
    expect(seen / 1000).toBeLessThan(0.87);
  });

  /** The difference for values whose true spread is 1. */
  function detectable(size: number): number {
    const unit = Float64Array.from({ length: size }, (_, i) => (i % 2 === 0 ? 1 : -1));
    const spread = Math.sqrt((size - 1 / size) / (size - 1));
    return minimalDetectableDifference(unit, 0.05) / spread;
  }

  it("shrinks with more pairs, grows with more comparisons", () => {
    const values = [1, 2, 3, 4, 5, 6];
    const base = minimalDetectableDifference(values, 0.05);
    expect(minimalDetectableDifference([...values, ...values], 0.05)).toBeLessThan(base);
    expect(minimalDetectableDifference(values, 0.05 / 10)).toBeGreaterThan(base);
    expect(minimalDetectableDifference([1], 0.05)).toBe(Infinity);
  });
});
