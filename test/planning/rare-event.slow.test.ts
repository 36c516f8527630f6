import { describe, expect, it } from "vitest";
import { monteCarlo, type MonteCarloControl } from "../../src/planning/monte-carlo.js";
import { riskOf } from "../../src/planning/plan-summary.js";
import { estimateRareEvent } from "../../src/planning/rare-estimate.js";
import { failedRuns } from "../../src/planning/risk-probe.js";
import { startThreads } from "../../src/planning/run-threads.js";
import { lossSystem } from "./plan-cases.js";

const control: MonteCarloControl = {
  nowMs: () => 0,
  deadlineMs: Infinity,
  signal: new AbortController().signal,
  turn: () => Promise.resolve(),
};

const options = { replications: 20, effort: 200 };

describe("multilevel splitting of plans", () => {
  it("agrees with plain runs where both can tell: about 1e-3", async () => {
    const { question, exact } = lossSystem(5.5, 5);
    const runs = 20_000;
    const plain = await monteCarlo(startThreads(1), question, { from: 0, count: runs }, control);
    const { interval } = riskOf(failedRuns(plain), runs);
    const found = (await estimateRareEvent(startThreads(1), question, options, control))!;
    expect(exact).toBeGreaterThan(9e-4);
    expect(exact).toBeLessThan(2e-3);
    for (const { low, high } of [interval, found.interval!]) {
      expect(low).toBeLessThan(exact);
      expect(high).toBeGreaterThan(exact);
    }
  });

  it("tells a probability below 1e-6, known exactly, within a factor of two", async () => {
    const { question, exact } = lossSystem(3.3, 4);
    expect(exact).toBeLessThan(1e-6);
    const found = (await estimateRareEvent(startThreads(1), question, options, control))!;
    const { low, high } = found.interval!;
    expect(low).toBeLessThan(exact);
    expect(high).toBeGreaterThan(exact);
    expect(high).toBeLessThan(2 * exact);
    expect(low).toBeGreaterThan(exact / 2);
  });
});
