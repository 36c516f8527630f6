import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LatencyHistogram } from "../../src/metrics/latency-histogram.js";

const values = fc.array(fc.oneof(fc.nat({ max: 5000 }), fc.integer({ min: 0, max: 2 ** 45 })), {
  minLength: 1,
  maxLength: 300,
});

describe("the latency histogram", () => {
  it("tells each quantile at most 0.1 % too high", () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (recorded, share) => {
        const histogram = new LatencyHistogram();
        for (const value of recorded) histogram.record(value);
        const sorted = recorded.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1]!;
        const told = histogram.quantile(share);
        expect(told).toBeGreaterThanOrEqual(exact);
        expect(told).toBeLessThanOrEqual(exact * 1.001);
      }),
    );
  });

  it("merges by adding", () => {
    fc.assert(
      fc.property(values, values, (first, second) => {
        const [a, b, both] = [1, 2, 3].map(() => new LatencyHistogram()) as [
          LatencyHistogram,
          LatencyHistogram,
          LatencyHistogram,
        ];
        for (const value of first) a.record(value);
        for (const value of second) b.record(value);
        for (const value of [...first, ...second]) both.record(value);
        a.add(b);
        expect(a.buckets()).toEqual(both.buckets());
        expect(a.count).toBe(first.length + second.length);
      }),
    );
  });

  it("puts values around powers of two where they belong", () => {
    for (let bits = 1; bits <= 51; bits++) {
      for (const value of [2 ** bits - 1, 2 ** bits, 2 ** bits + 1]) {
        const histogram = new LatencyHistogram();
        histogram.record(value);
        const [[highest]] = histogram.buckets() as [[number, number]];
        expect(highest).toBeGreaterThanOrEqual(value);
        expect(highest).toBeLessThanOrEqual(value * 1.001);
      }
    }
  });

  it("sums up", () => {
    const histogram = new LatencyHistogram();
    expect(histogram.summary()).toBeNull();
    for (let value = 1; value <= 1000; value++) histogram.record(value);
    expect(histogram.summary()).toEqual({
      count: 1000,
      mean: 500.5,
      min: 1,
      p50: 500,
      p90: 900,
      p99: 990,
      p999: 999,
      max: 1000,
    });
  });
});
