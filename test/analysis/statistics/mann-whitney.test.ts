import { describe, expect, it } from "vitest";
import { holmAdjusted } from "../../../src/analysis/statistics/holm.js";
import { mannWhitney } from "../../../src/analysis/statistics/mann-whitney.js";
import { normalUpperTail } from "../../../src/analysis/statistics/normal-tail.js";
import { reference } from "./reference.js";

/** Relative, since tails are small numbers. */
function expectNear(value: number, wanted: number, relative: number): void {
  const off = Math.abs(value - wanted) / Math.max(Math.abs(wanted), Number.MIN_VALUE);
  expect(off, `${value} for ${wanted}`).toBeLessThan(relative);
}

describe("normalUpperTail", () => {
  it.each(reference.normalUpperTail)("agrees with SciPy above %d", (z, tail) => {
    expectNear(normalUpperTail(z), tail, 1e-11);
  });
});

describe("mannWhitney", () => {
  it.each(reference.mannWhitney)("agrees with SciPy: $method, p = $p", ({ a, b, method, u, p }) => {
    const test = mannWhitney(a, b);
    expect(test.u).toBe(u);
    expectNear(test.p, p, 1e-10);
    expect(test.method === "exact").toBe(method === "exact");
  });

  it("does not depend on which sample is the first", () => {
    const { a, b, p } = reference.mannWhitney[0]!;
    expectNear(mannWhitney(b, a).p, p, 1e-12);
  });

  it("sees nothing in samples of one value", () => {
    expect(mannWhitney([3, 3, 3], [3, 3]).p).toBe(1);
    expect(() => mannWhitney([], [1])).toThrow("at least one value");
  });
});

describe("holmAdjusted", () => {
  it("follows the definition, in the order given", () => {
    const { p, adjusted } = reference.holm;
    holmAdjusted(p).forEach((value, i) => expect(value).toBeCloseTo(adjusted[i]!, 12));
    expect(holmAdjusted([])).toEqual([]);
    expect(holmAdjusted([0.7, 0.8])).toEqual([1, 1]);
  });
});
