import { describe, expect, it } from "vitest";
import type { MonteCarloControl } from "../../src/planning/monte-carlo.js";
import { estimateRareEvent } from "../../src/planning/rare-estimate.js";
import { startThreads } from "../../src/planning/run-threads.js";
import { lossSystem } from "./plan-cases.js";

const control: MonteCarloControl = {
  nowMs: () => 0,
  deadlineMs: Infinity,
  signal: new AbortController().signal,
  turn: () => Promise.resolve(),
};

describe("estimateRareEvent", () => {
  it.each([
    [4, 5, 1e-4],
    [2.6, 5, 1e-5],
  ])("finds the exact probability of an Erlang system of %d pods", async (pods, hours, most) => {
    const { question, exact } = lossSystem(pods, hours);
    expect(exact).toBeLessThan(most);
    const options = { replications: 12, effort: 100 };
    const found = await estimateRareEvent(startThreads(1), question, options, control);
    const { low, high } = found!.interval!;
    expect(exact).toBeGreaterThan(low);
    expect(exact).toBeLessThan(high);
    expect(high - low).toBeLessThan(exact * 2);
  });

  it("says what it can say when nothing fails", async () => {
    const { question } = lossSystem(0.01, 1);
    const options = { replications: 2, effort: 10 };
    const found = await estimateRareEvent(startThreads(1), question, options, control);
    expect(found!.probability).toBe(0);
    expect(found!.interval).toBeNull();
    expect(found!.upperBound).toBeGreaterThan(0);
    expect(found!.upperBound).toBeLessThan(1);
  });
});
