import { describe, expect, it } from "vitest";
import type { Distribution } from "../../src/formats/scenario/distribution.js";
import { drawResidualUs } from "../../src/workload/lifetime.js";

const uniform: Distribution = { distribution: "uniform", min: 2_000_000, max: 10_000_000 };

describe("drawResidualUs", () => {
  it.each([
    ["younger than the least", 1_000_000, 0, 1_000_000],
    ["younger than the least", 1_000_000, 0.5, 5_000_000],
    ["within the range", 6_000_000, 0, 0],
    ["within the range", 6_000_000, 0.5, 2_000_000],
  ])("continues a uniform life that is %s at age %d, draw %d", (_, ageUs, draw, residualUs) => {
    expect(drawResidualUs(uniform, ageUs, () => draw)).toBe(residualUs);
  });

  it("forgets the age of an exponential life", () => {
    const law: Distribution = { distribution: "exponential", mean: 5_000_000 };
    const median = Math.round(5_000_000 * Math.LN2);
    expect(drawResidualUs(law, 0, () => 0.5)).toBe(median);
    expect(drawResidualUs(law, 60_000_000, () => 0.5)).toBe(median);
  });

  it("leaves the other laws alone", () => {
    const never = () => {
      throw new Error("no draw is needed");
    };
    const laws: Distribution[] = [
      { distribution: "constant", value: 5 },
      { distribution: "lognormal", median: 5, sigma: 1 },
    ];
    for (const law of laws) expect(drawResidualUs(law, 1, never)).toBeUndefined();
  });
});
