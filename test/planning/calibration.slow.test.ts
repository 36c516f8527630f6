import { describe, expect, it } from "vitest";
import { firstLossProbability } from "../../src/analysis/statistics/erlang-loss.js";
import { monteCarlo, type MonteCarloControl } from "../../src/planning/monte-carlo.js";
import { summarize } from "../../src/planning/plan-summary.js";
import { startThreads } from "../../src/planning/run-threads.js";
import { poisson, sketchedQuestion } from "./plan-cases.js";

const HOUR_US = 3600e6;
const REPETITIONS = 1000;
const RUNS = 160;

const control: MonteCarloControl = {
  nowMs: () => 0,
  deadlineMs: Infinity,
  signal: new AbortController().signal,
  turn: () => Promise.resolve(),
};

describe("intervals of plans over 1,000 repetitions of a case with known answer", () => {
  it("hold the truth in 93 to 97 %: the risk, and the share without failure at the end", async () => {
    const question = sketchedQuestion({
      cidr: "10.0.0.0/29",
      blockSize: 30,
      nodes: 2,
      workload: [poisson(5 / 3600, HOUR_US, 2 * HOUR_US)],
      horizonUs: 2 * HOUR_US,
    });
    const system = { servers: 8, arrivalRate: 5, departureRate: 1, initial: 0 };
    const truth = firstLossProbability(system, 2);
    expect(truth).toBeGreaterThan(0.02);
    expect(truth).toBeLessThan(0.3);
    const threads = startThreads(1);
    let risks = 0;
    let curves = 0;
    for (let i = 0; i < REPETITIONS; i++) {
      const range = { from: i * RUNS, count: RUNS };
      const outcomes = await monteCarlo(threads, question, range, control);
      const { risk, firstFailure } = summarize(outcomes, ["p"]);
      if (risk.interval.low <= truth && truth <= risk.interval.high) risks++;
      const { low, high } = firstFailure.curve.at(-1)!.interval!;
      if (low <= 1 - truth && 1 - truth <= high) curves++;
    }
    for (const covered of [risks, curves]) {
      expect(covered / REPETITIONS).toBeGreaterThan(0.93);
      expect(covered / REPETITIONS).toBeLessThan(0.97);
    }
  });
});
