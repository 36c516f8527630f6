import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { betaQuantile } from "../../../src/analysis/statistics/beta-quantile.js";
import { erlangLoss, firstLossProbability } from "../../../src/analysis/statistics/erlang-loss.js";
import { kaplanMeier } from "../../../src/analysis/statistics/kaplan-meier.js";
import { normalQuantile } from "../../../src/analysis/statistics/normal-quantile.js";
import {
  clopperPearsonInterval,
  wilsonInterval,
} from "../../../src/analysis/statistics/proportion-interval.js";
import { studentQuantile } from "../../../src/analysis/statistics/student-quantile.js";

interface ReferenceValues {
  normalQuantile: { p: number; value: number }[];
  studentQuantile: { p: number; df: number; value: number }[];
  betaQuantile: { p: number; a: number; b: number; value: number }[];
  proportionIntervals: {
    successes: number;
    trials: number;
    confidence: number;
    clopperPearson: [number, number];
    wilson: [number, number];
  }[];
  kaplanMeier: {
    name: string;
    events: number[];
    censored: number[];
    times: number[];
    survival: number[];
    low: (number | null)[];
    high: (number | null)[];
  }[];
  erlangB: { servers: number; load: number; value: number }[];
  firstLoss: {
    servers: number;
    arrivalRate: number;
    departureRate: number;
    horizon: number;
    initial: number;
    value: number;
  }[];
}

const reference = JSON.parse(
  readFileSync("test/fixtures/statistics/reference-values.json", "utf8"),
) as ReferenceValues;

function expectNear(actual: number, expected: number, relative = 1e-8): void {
  const scale = Math.max(Math.abs(expected), 1e-300);
  expect(Math.abs(actual - expected) / scale, `${actual} for ${expected}`).toBeLessThan(relative);
}

describe("quantiles as scipy has them", () => {
  it.each(reference.normalQuantile)("normal, $p", ({ p, value }) => {
    if (value === 0) expect(normalQuantile(p)).toBe(0);
    else expectNear(normalQuantile(p), value, 5e-9);
  });

  it.each(reference.studentQuantile)("t with $df degrees, $p", ({ p, df, value }) => {
    expectNear(studentQuantile(p, df), value);
    expectNear(studentQuantile(1 - p, df), -value);
  });

  it.each(reference.betaQuantile)("beta($a, $b), $p", ({ p, a, b, value }) => {
    expectNear(betaQuantile(p, a, b), value);
  });
});

describe("intervals of a probability as scipy has them", () => {
  it.each(reference.proportionIntervals)(
    "$successes of $trials at $confidence",
    ({ successes, trials, confidence, clopperPearson, wilson }) => {
      const pairs = [
        [clopperPearsonInterval(successes, trials, confidence), clopperPearson],
        [wilsonInterval(successes, trials, confidence), wilson],
      ] as const;
      for (const [{ low, high }, [expectedLow, expectedHigh]] of pairs) {
        expect(low).toBeCloseTo(expectedLow, 8);
        expect(high).toBeCloseTo(expectedHigh, 8);
      }
    },
  );

  it("refuses more successes than trials", () => {
    expect(() => wilsonInterval(3, 2)).toThrow(RangeError);
    expect(() => clopperPearsonInterval(0, 0)).toThrow(RangeError);
  });
});

describe("survival curves as scipy has them", () => {
  it.each(reference.kaplanMeier)("$name", ({ events, censored, times, survival, low, high }) => {
    const steps = kaplanMeier([
      ...events.map((time) => ({ time, hasEvent: true })),
      ...censored.map((time) => ({ time, hasEvent: false })),
    ]);
    expect(steps.map(({ time }) => time)).toEqual(times);
    for (const [i, step] of steps.entries()) {
      expect(step.survival).toBeCloseTo(survival[i]!, 12);
      if (step.interval === null) continue;
      expect(step.interval.low).toBeCloseTo(low[i]!, 8);
      expect(step.interval.high).toBeCloseTo(high[i]!, 8);
    }
  });
});

describe("loss systems as scipy has them", () => {
  it.each(reference.erlangB)("B($servers, $load)", ({ servers, load, value }) => {
    expectNear(erlangLoss(servers, load), value);
  });

  it.each(reference.firstLoss)(
    "first refusal of $servers servers within $horizon",
    ({ horizon, value, ...system }) => {
      expectNear(firstLossProbability(system, horizon), value, 1e-6);
    },
  );
});
