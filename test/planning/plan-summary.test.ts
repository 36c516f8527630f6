import { describe, expect, it } from "vitest";
import { riskOf, spreadOf, summarize } from "../../src/planning/plan-summary.js";
import type { RunOutcome } from "../../src/planning/run-outcome.js";

function outcome(run: number, failedAtUs?: number): RunOutcome {
  const kind = "pool exhausted";
  const failure = { kind, count: 2, firstUs: failedAtUs!, text: "none", node: "n" } as const;
  const failures = failedAtUs === undefined ? [] : [failure];
  return {
    run,
    operations: 10,
    releases: 5,
    wanted: 5,
    notStarted: 0,
    failures,
    groups: [{ name: "", nodes: 3, firstUs: failedAtUs ?? null }],
    secondHalf: { asked: 2, failed: 0 },
    endUs: 100,
    witness: null,
    apiRequests: null,
    pools: [{ addressesPeak: run, blocksPeak: 1 }],
    addressesPeak: run,
    blocksPeak: 1,
    borrowedPeak: 0,
    routesPeak: 1,
    freeInBlocksAtPeak: 7,
  };
}

describe("summarize", () => {
  const summary = summarize([outcome(0), outcome(1, 40), outcome(2), outcome(3, 20)], ["p"]);

  it("takes runs without failure for censored at their end", () => {
    expect(summary.risk).toMatchObject({ failed: 2, runs: 4, probability: 0.5 });
    const { curve, quantiles } = summary.firstFailure;
    expect(curve.map(({ time, survival }) => [time, survival])).toEqual([
      [20, 0.75],
      [40, 0.5],
    ]);
    expect(quantiles.find(({ share }) => share === 0.5)?.time).toBe(40);
    expect(quantiles.find(({ share }) => share === 0.9)?.time).toBeNull();
  });

  it("keeps the first run that shows a reason", () => {
    expect(summary.kinds).toMatchObject([
      { kind: "pool exhausted", failed: 2, meanCount: 2, example: { run: 1, timeUs: 40 } },
    ]);
  });

  it("names the only group of nodes without labels", () => {
    expect(summary.groups).toMatchObject([{ name: "all nodes", nodes: 3, failed: 2 }]);
  });
});

describe("riskOf", () => {
  it("bounds what was never seen by the rule of three", () => {
    const { interval } = riskOf(0, 1000);
    expect(interval.low).toBe(0);
    expect(interval.high).toBeCloseTo(0.003, 4);
  });
});

describe("spreadOf", () => {
  it("gives quantiles that were seen", () => {
    expect(spreadOf([4, 1, 3, 2])).toEqual({ mean: 2.5, p50: 2, p95: 4, max: 4 });
  });
});
