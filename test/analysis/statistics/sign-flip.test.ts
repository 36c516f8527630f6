import { describe, expect, it } from "vitest";
import { signFlipP } from "../../../src/analysis/statistics/sign-flip.js";
import { RandomStreams } from "../../../src/simulation/random-streams.js";

const options = () => ({ draws: 9999, random: new RandomStreams("signs").stream("test") });

describe("the randomisation test of paired differences", () => {
  it.each([
    { name: "of three alike, 2 of 8 choices of signs reach as far", values: [1, 2, 3], p: 0.25 },
    { name: "zeros tell nothing", values: [0, 0, 0, 0, 0, 0, 5], p: 1 },
    { name: "ten alike", values: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1], p: 2 / 1024 },
    { name: "balanced", values: [-2, 2, -1, 1], p: 1 },
    { name: "rounding does not part equal sums", values: [0.1, 0.2, -0.3, 0.3], p: 6 / 8 },
    { name: "nothing but zeros", values: [0, 0], p: 1 },
  ])("$name", ({ values, p }) => {
    expect(signFlipP(values, options())).toBeCloseTo(p, 12);
  });

  it("rejects a true null hypothesis as often as it says, for few, many, sparse and skewed", () => {
    const random = new RandomStreams("null").stream("values");
    const shapes: ((n: number) => number[])[] = [
      (n) => Array.from({ length: n }, () => random() - random()),
      (n) => Array.from({ length: n }, () => (random() < 0.7 ? 0 : Math.sign(random() - 0.5))),
      (n) => Array.from({ length: n }, () => 1 / random() - 1 / random()),
    ];
    for (const n of [6, 10, 12]) {
      for (const shape of shapes) {
        let rejected = 0;
        for (let i = 0; i < 400; i++) if (signFlipP(shape(n), options()) <= 0.05) rejected++;
        expect(rejected / 400).toBeLessThan(0.085);
      }
    }
  });

  it("draws signs where there are too many to try all, and comes to nearly the same", () => {
    const values = Array.from({ length: 13 }, (_, i) => (i % 4 === 0 ? -1 : 1) * (i + 1));
    const exact = signFlipP(values, options());
    const drawn = signFlipP([...values, 1e-9], options());
    expect(Math.abs(drawn - exact)).toBeLessThan(0.02);
  });
});
