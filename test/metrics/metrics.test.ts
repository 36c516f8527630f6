import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BoundedSeries } from "../../src/metrics/bounded-series.js";
import { IntegerHistogram } from "../../src/metrics/integer-histogram.js";

describe("IntegerHistogram", () => {
  it("has the quantiles of the sorted values, exactly", () => {
    const values = fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 1 });
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (recorded, share) => {
        const histogram = new IntegerHistogram();
        for (const value of recorded) histogram.record(value);
        const sorted = [...recorded].sort((a, b) => a - b);
        const rank = Math.max(1, Math.ceil(share * sorted.length));
        expect(histogram.quantile(share)).toBe(sorted[rank - 1]);
        expect(histogram.summary()).toMatchObject({ min: sorted[0], max: sorted.at(-1) });
      }),
    );
  });

  it("has no summary of nothing", () => {
    expect(new IntegerHistogram().summary()).toBeNull();
  });
});

describe("BoundedSeries", () => {
  it("keeps peaks and the last value in a bounded number of points", () => {
    const step = fc.record({
      passUs: fc.nat({ max: 1_000_000 }),
      value: fc.nat({ max: 1000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 300 }), (steps) => {
        const series = new BoundedSeries(16);
        let timeUs = 5;
        for (const { passUs, value } of steps) {
          timeUs += passUs;
          series.record(timeUs, value);
        }
        const points = series.points();
        expect(points.length).toBeLessThanOrEqual(16);
        expect(points.at(-1)?.last).toBe(steps.at(-1)!.value);
        const peak = Math.max(...points.map((point) => point.peak));
        expect(peak).toBe(Math.max(...steps.map(({ value }) => value)));
      }),
    );
  });
});
