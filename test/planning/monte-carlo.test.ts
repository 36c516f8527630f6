import { describe, expect, it } from "vitest";
import { monteCarlo, type MonteCarloControl } from "../../src/planning/monte-carlo.js";
import { startThreads } from "../../src/planning/run-threads.js";
import { poisson, sketchedQuestion } from "./plan-cases.js";

const HOUR_US = 3600e6;

const question = sketchedQuestion({
  cidr: "10.0.0.0/28",
  blockSize: 30,
  nodes: 2,
  workload: [poisson(10 / 3600, HOUR_US, 4 * HOUR_US)],
  horizonUs: 4 * HOUR_US,
});

/** A clock that goes on by a second whenever it is asked. */
function control(change: Partial<MonteCarloControl> = {}): MonteCarloControl {
  let nowMs = 0;
  const { signal } = new AbortController();
  const turn = () => Promise.resolve();
  return { nowMs: () => (nowMs += 1000), deadlineMs: Infinity, signal, turn, ...change };
}

const all = { from: 0, count: 40 };

describe("monteCarlo", () => {
  it("gives each run the same outcome, whatever is asked for besides", async () => {
    const threads = startThreads(1);
    const outcomes = await monteCarlo(threads, question, all, control());
    expect(outcomes.map(({ run }) => run)).toEqual(Array.from({ length: 40 }, (_, i) => i));
    const some = await monteCarlo(threads, question, { from: 20, count: 5 }, control());
    expect(some).toEqual(outcomes.slice(20, 25));
  });

  it("has the first runs when its time is used up", async () => {
    const threads = startThreads(1);
    const outcomes = await monteCarlo(threads, question, all, control({ deadlineMs: 12_000 }));
    expect(outcomes.length).toBeGreaterThan(0);
    expect(outcomes.length).toBeLessThan(40);
    const first = { from: 0, count: outcomes.length };
    expect(await monteCarlo(threads, question, first, control())).toEqual(outcomes);
  });

  it("has the first runs when it is interrupted", async () => {
    const controller = new AbortController();
    const onProgress = (done: number) => {
      if (done >= 3) controller.abort();
    };
    const { signal } = controller;
    const outcomes = await monteCarlo(
      startThreads(1),
      question,
      all,
      control({ signal, onProgress }),
    );
    expect(outcomes.map(({ run }) => run)).toEqual([0, 1, 2]);
  });

  it("ends when the caller knows enough", async () => {
    const isDecided = (outcomes: readonly unknown[]) => outcomes.length >= 2;
    const outcomes = await monteCarlo(startThreads(1), question, all, control(), isDecided);
    expect(outcomes).toHaveLength(2);
  });
});
