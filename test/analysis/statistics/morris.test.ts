import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { elementaryEffects, morrisTrajectory } from "../../../src/analysis/statistics/morris.js";
import { RandomStreams } from "../../../src/simulation/random-streams.js";

const trajectories = (inputs: number, count: number) => {
  const random = new RandomStreams("morris").stream("design");
  return Array.from({ length: count }, () => morrisTrajectory(inputs, random));
};

describe("Morris' design", () => {
  it("stays in the unit cube, on four levels, and changes each input once by two thirds", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.integer(), (inputs, seed) => {
        const random = new RandomStreams(String(seed)).stream("design");
        const { points, changed } = morrisTrajectory(inputs, random);
        expect(points).toHaveLength(inputs + 1);
        expect(changed.toSorted((a, b) => a - b)).toEqual(
          Array.from({ length: inputs }, (_, i) => i),
        );
        for (const point of points) {
          for (const value of point) {
            expect([0, 1 / 3, 2 / 3, 1].some((level) => Math.abs(level - value) < 1e-12)).toBe(
              true,
            );
          }
        }
        for (const [i, input] of changed.entries()) {
          for (let j = 0; j < inputs; j++) {
            const width = Math.abs(points[i + 1]![j]! - points[i]![j]!);
            expect(width).toBeCloseTo(j === input ? 2 / 3 : 0, 12);
          }
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe("elementary effects", () => {
  it("are the slopes of a linear function, without spread", () => {
    const design = trajectories(3, 6);
    const outputs = design.map(({ points }) => points.map(([a, b, c]) => 5 * a! - 2 * b! + 0 * c!));
    const [a, b, c] = elementaryEffects(design, outputs);
    expect(a!.mean).toBeCloseTo(5);
    expect(a!.deviation).toBeCloseTo(0);
    expect(b!.mean).toBeCloseTo(-2);
    expect(b!.meanAbsolute).toBeCloseTo(2);
    expect(c).toEqual({ mean: 0, meanAbsolute: 0, deviation: 0 });
  });

  it("spread where inputs interact", () => {
    const design = trajectories(2, 40);
    const outputs = design.map(({ points }) => points.map(([a, b]) => a! * b!));
    const [a] = elementaryEffects(design, outputs);
    expect(a!.deviation).toBeGreaterThan(0.2);
  });
});
