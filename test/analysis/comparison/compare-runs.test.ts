import { headline } from "../../../src/analysis/comparison/headline.js";
import type { FigureComparison } from "../../../src/formats/result/comparison-result.js";
import { describe, expect, it } from "vitest";
import { compareRuns } from "../../../src/analysis/comparison/compare-runs.js";
import type { RunFigures } from "../../../src/analysis/comparison/run-figures.js";
import { RandomStreams } from "../../../src/simulation/random-streams.js";
import { runOf } from "./run-of.js";

const options = {
  resamples: 999,
  stream: (name: string) => new RandomStreams("compare-runs").stream(name),
};

const times = <T>(n: number, make: (i: number) => T): T[] =>
  Array.from({ length: n }, (_, i) => make(i));

const compare = (a: readonly RunFigures[], b: readonly RunFigures[]) => compareRuns(a, b, options);

const verdictsOf = (figures: ReturnType<typeof compare>["figures"]) =>
  Object.fromEntries(figures.map(({ name, verdict }) => [name, verdict]));

describe("comparing runs in pairs", () => {
  it("says identical only of runs with the same calls, and counts them", () => {
    const runs = times(3, (i) => runOf(i, { success_rate: 1 }, { calls: `h${i}` }));
    const same = compare(runs, runs);
    expect(same.verdict).toBe("identical");
    expect(same.callByCall).toEqual({
      compared: true,
      identicalPairs: 3,
      operations: 60,
      calls: 300,
      addresses: 30,
    });
    const other = [...runs.slice(0, 2), runOf(2, { success_rate: 1 }, { calls: "other" })];
    expect(compare(runs, other).verdict).toBe("no difference seen");
    const unhashed = runs.map((run) => ({ ...run, fingerprint: null }));
    expect(compare(unhashed, unhashed).verdict).toBe("no difference seen");
    expect(compare(unhashed, unhashed).callByCall.compared).toBe(false);
  });

  it("takes a difference of runs that draw nothing at random as it is", () => {
    const exact = { seedMatters: false };
    const { verdict, figures, statistics } = compare(
      [runOf(1, { success_rate: 0.5, allocations: 9, datastore_calls: 10 }, exact)],
      [
        runOf(
          1,
          { success_rate: 1, allocations: 8, datastore_calls: 30 },
          { ...exact, calls: "1" },
        ),
      ],
    );
    expect(verdict).toBe("better");
    expect(verdictsOf(figures)).toEqual({
      success_rate: "better",
      allocations: "different",
      datastore_calls: "worse",
    });
    expect(statistics.tested).toBe(0);
  });

  it("gives no verdict on too few pairs, where the seed matters", () => {
    const { verdict } = compare(
      times(3, (i) => runOf(i, { success_rate: 0.5 })),
      times(3, (i) => runOf(i, { success_rate: 0.6 + i / 10 }, { calls: "1" })),
    );
    expect(verdict).toBe("undecided");
  });

  it("sees a difference that is in every pair, and not one that comes and goes", () => {
    const { figures, verdict } = compare(
      times(12, (i) => runOf(i, { success_rate: 0.5 + i / 100, datastore_calls: 50 })),
      times(12, (i) =>
        runOf(
          i,
          { success_rate: 0.4 + i / 90, datastore_calls: 50 + (i % 2 === 0 ? 3 : -3) },
          { calls: "1" },
        ),
      ),
    );
    expect(verdictsOf(figures)).toEqual({
      success_rate: "worse",
      datastore_calls: "no difference seen",
    });
    expect(verdict).toBe("worse");
    const [, calls] = figures;
    expect(calls!.interval!.low).toBeLessThan(0);
    expect(calls!.interval!.high).toBeGreaterThan(0);
    expect(calls!.detectable).toBeGreaterThan(1);
  });

  it.each<[string, FigureComparison["verdict"][], string]>([
    [
      "whether pods are served decides before times and leaks",
      ["better", "worse", "worse"],
      "better",
    ],
    ["leaks decide before times", ["same", "worse", "better"], "worse"],
    ["times decide where all else is alike", ["same", "same", "better"], "better"],
    [
      "what is open is not decided by what comes after it",
      ["undecided", "worse", "worse"],
      "undecided",
    ],
  ])("%s", (_, [served, leaked, time], expected) => {
    const figure = (name: string, verdict: FigureComparison["verdict"]) =>
      ({ name, verdict }) as FigureComparison;
    const figures = [
      figure("pod_network_ready p(99)", time!),
      figure("leaked_handles", leaked!),
      figure("pods_without_network", served!),
      figure("blocks_peak", "worse"),
    ];
    expect(headline(figures)).toBe(expected);
  });

  it("needs no test for a difference that is the same in each of 8 pairs", () => {
    const verdictOf = (pairs: number) =>
      compare(
        times(pairs, (i) => runOf(i, { pod_network_ready: 5000 + i, borrowed: 1, blocks: 2 + i })),
        times(pairs, (i) =>
          runOf(i, { pod_network_ready: 2000 + i, borrowed: 1, blocks: 2 }, { calls: "1" }),
        ),
      ).figures.find(({ name }) => name === "pod_network_ready")!.verdict;
    expect(verdictOf(8)).toBe("better");
    expect(verdictOf(5)).toBe("undecided");
  });

  it("is corrected for the number of metrics: of many that do not differ, none is told to", () => {
    const random = new RandomStreams("false alarms").stream("values");
    const names = times(20, (i) => `metric_${i}`);
    const draw = () => Object.fromEntries(names.map((name) => [name, random()]));
    let alarms = 0;
    const rounds = 150;
    for (let round = 0; round < rounds; round++) {
      const a = times(12, (i) => runOf(i, draw()));
      const b = times(12, (i) => runOf(i, draw(), { calls: "1" }));
      if (compareRuns(a, b, { ...options, resamples: 9 }).verdict !== "no difference seen")
        alarms++;
    }
    // Of 150 with a chance of 5 % each, more than 14 come once in 100 times.
    expect(alarms).toBeLessThanOrEqual(14);
  });

  it("leaves out pairs in which one side has nothing to measure", () => {
    const { figures } = compare(
      [runOf(0, { reuse: null, other: 1 }), runOf(1, { reuse: 5, other: 1 })],
      [runOf(0, { reuse: 4, other: null }), runOf(1, { reuse: 7, other: 1 })],
    );
    expect(figures.map(({ name, runs, a, b }) => ({ name, runs, a, b }))).toEqual([
      { name: "reuse", runs: 1, a: 5, b: 7 },
      { name: "other", runs: 1, a: 1, b: 1 },
    ]);
  });
});
