import { describe, expect, it } from "vitest";
import {
  Constant,
  type Distribution,
  Empirical,
  Lognormal,
  Uniform,
} from "../../../src/datastore/simulated/latency.js";
import { RandomStreams } from "../../../src/simulation/random-streams.js";

const DRAWS = 20_000;

function sample(distribution: Distribution): number[] {
  const random = new RandomStreams("latency").stream("test");
  return Array.from({ length: DRAWS }, () => distribution.sampleUs(random)).sort((a, b) => a - b);
}

const quantile = (sorted: readonly number[], q: number) => sorted[Math.floor(q * sorted.length)]!;

describe("durations", () => {
  it("are always the same when constant", () => {
    expect(new Set(sample(new Constant(250)))).toEqual(new Set([250]));
  });

  it("fill the range evenly when uniform", () => {
    const sorted = sample(new Uniform(100, 300));
    expect(sorted[0]).toBeGreaterThanOrEqual(100);
    expect(sorted.at(-1)).toBeLessThan(300);
    expect(quantile(sorted, 0.25)).toBeCloseTo(150, -1);
  });

  it("have the median and the 99th percentile of a lognormal distribution", () => {
    const sorted = sample(new Lognormal(5_000, Math.log(8) / 2.3263));
    expect(quantile(sorted, 0.5) / 5_000).toBeCloseTo(1, 1);
    expect(quantile(sorted, 0.99) / 40_000).toBeCloseTo(1, 0);
  });

  it("follow a measured histogram bar by bar", () => {
    const bars = [
      { upToUs: 1_000, count: 50 },
      { upToUs: 2_000, count: 0 },
      { upToUs: 10_000, count: 50 },
    ];
    const sorted = sample(new Empirical(bars));
    expect(sorted.filter((us) => us <= 1_000).length / DRAWS).toBeCloseTo(0.5, 1);
    expect(sorted.filter((us) => us > 1_000 && us < 2_000)).toEqual([]);
    expect(sorted.at(-1)).toBeLessThanOrEqual(10_000);
    expect(quantile(sorted, 0.75)).toBeCloseTo(6_000, -3);
  });
});
