import { describe, expect, it } from "vitest";
import { eventTimeQuantile, kaplanMeier } from "../../../src/analysis/statistics/kaplan-meier.js";

const all = (times: readonly number[]) => times.map((time) => ({ time, hasEvent: true }));

describe("event times", () => {
  it("gives the time by which a share had the event, with its interval", () => {
    const steps = kaplanMeier(all(Array.from({ length: 100 }, (_, i) => i + 1)));
    const median = eventTimeQuantile(steps, 0.5);
    expect(median.time).toBe(50);
    expect(median.low).toBeGreaterThan(35);
    expect(median.low).toBeLessThan(50);
    expect(median.high).toBeGreaterThan(50);
    expect(median.high).toBeLessThan(65);
  });

  it("says nothing about what lies beyond the last observation", () => {
    const censored = Array.from({ length: 99 }, () => ({ time: 10, hasEvent: false }));
    const steps = kaplanMeier([{ time: 3, hasEvent: true }, ...censored]);
    expect(eventTimeQuantile(steps, 0.01)).toMatchObject({ time: 3 });
    expect(eventTimeQuantile(steps, 0.5)).toEqual({ time: null, low: null, high: null });
  });
});
