import { describe, expect, it } from "vitest";
import { firstLossProbability } from "../../../src/analysis/statistics/erlang-loss.js";
import {
  pilotLevels,
  splittingEstimate,
  splittingRun,
} from "../../../src/analysis/statistics/multilevel-splitting.js";
import { RandomStreams } from "../../../src/simulation/random-streams.js";
import { birthDeath } from "./birth-death.js";

describe("multilevel splitting", () => {
  it.each([
    ["1e-3", { servers: 16, arrivalRate: 6, departureRate: 1, initial: 6 }, 2],
    ["1e-8", { servers: 32, arrivalRate: 10, departureRate: 1, initial: 10 }, 2],
  ])("finds a probability of about %s", (_, system, horizon) => {
    const process = birthDeath(system, horizon, "splitting");
    const levels = pilotLevels(process, 200, "pilot");
    const random = new RandomStreams("splitting").stream("spread");
    const runs = Array.from({ length: 30 }, (_, i) =>
      splittingRun(process, levels, 200, `run/${i}`, random),
    );
    const truth = firstLossProbability(system, horizon);
    const { probability, interval } = splittingEstimate(runs, levels.length);
    expect(interval!.low).toBeLessThan(truth);
    expect(interval!.high).toBeGreaterThan(truth);
    expect(probability / truth).toBeGreaterThan(0.6);
    expect(probability / truth).toBeLessThan(1.6);
  });

  it("says below what the probability is when the event was not reached", () => {
    const estimate = splittingEstimate(
      [
        { effort: 100, passed: [20, 0] },
        { effort: 100, passed: [30, 0] },
      ],
      3,
    );
    expect(estimate.probability).toBe(0);
    expect(estimate.interval).toBeNull();
    expect(estimate.upperBound).toBeCloseTo(0.25 * (1 - 0.05 ** (1 / 200)), 12);
  });

  it("gives the interval of a mean of replications", () => {
    const runs = [10, 20, 30].map((count) => ({ effort: 100, passed: [count] }));
    const { probability, interval } = splittingEstimate(runs, 1);
    expect(probability).toBeCloseTo(0.2);
    expect(interval!.high).toBeCloseTo(0.2 + (4.302652729911275 * 0.1) / Math.sqrt(3), 6);
  });
});
