import { describe, expect, it } from "vitest";
import { firstLossProbability } from "../../../src/analysis/statistics/erlang-loss.js";
import type { Interval } from "../../../src/analysis/statistics/interval.js";
import { kaplanMeier } from "../../../src/analysis/statistics/kaplan-meier.js";
import {
  pilotLevels,
  RARE_EVENT,
  splittingEstimate,
  splittingRun,
} from "../../../src/analysis/statistics/multilevel-splitting.js";
import {
  clopperPearsonInterval,
  wilsonInterval,
} from "../../../src/analysis/statistics/proportion-interval.js";
import { RandomStreams } from "../../../src/simulation/random-streams.js";
import { birthDeath } from "./birth-death.js";

const REPETITIONS = 1000;
const HORIZON = 2;

/** Share of the repetitions whose interval holds the truth. */
function coverage(truth: number, intervalOf: (repetition: number) => Interval): number {
  let covered = 0;
  for (let i = 0; i < REPETITIONS; i++) {
    const { low, high } = intervalOf(i);
    if (low <= truth && truth <= high) covered++;
  }
  return covered / REPETITIONS;
}

describe("95 % intervals over 1,000 repetitions of a loss system with known answer", () => {
  const common = { servers: 12, arrivalRate: 6, departureRate: 1, initial: 6 };
  const truth = firstLossProbability(common, HORIZON);
  const runsOf = (repetition: number) => {
    const process = birthDeath(common, HORIZON, `calibration/${repetition}`);
    return Array.from({ length: 500 }, (_, i) => process.advance(undefined, RARE_EVENT, String(i)));
  };

  it("Wilson and Kaplan-Meier cover in 93 to 97 %, Clopper-Pearson in 95 % or more", () => {
    expect(truth).toBeGreaterThan(0.01);
    const runs = Array.from({ length: REPETITIONS }, (_, i) => runsOf(i));
    const failed = runs.map((all) => all.filter(({ entry }) => entry !== undefined).length);
    const wilson = coverage(truth, (i) => wilsonInterval(failed[i]!, 500));
    expect(wilson).toBeGreaterThan(0.93);
    expect(wilson).toBeLessThan(0.97);
    const survivals = coverage(1 - truth, (i) => {
      const observations = runs[i]!.map(({ entry }) => ({
        time: entry?.time ?? HORIZON,
        hasEvent: entry !== undefined,
      }));
      return kaplanMeier(observations).at(-1)?.interval ?? { low: 1, high: 1 };
    });
    expect(survivals).toBeGreaterThan(0.93);
    expect(survivals).toBeLessThan(0.97);
    expect(coverage(truth, (i) => clopperPearsonInterval(failed[i]!, 500))).toBeGreaterThan(0.94);
  });

  it("splitting covers a probability of about 1e-5 in 93 to 97 %", () => {
    const system = { servers: 16, arrivalRate: 4, departureRate: 1, initial: 4 };
    const rare = firstLossProbability(system, HORIZON);
    expect(rare).toBeLessThan(1e-4);
    const levels = pilotLevels(birthDeath(system, HORIZON, "pilot"), 200, "pilot");
    const covered = coverage(rare, (i) => {
      const process = birthDeath(system, HORIZON, `splitting/${i}`);
      const random = new RandomStreams(`splitting/${i}`).stream("spread");
      const runs = Array.from({ length: 20 }, (_, j) =>
        splittingRun(process, levels, 40, `run/${j}`, random),
      );
      return splittingEstimate(runs, levels.length).interval ?? { low: 0, high: 0 };
    });
    expect(covered).toBeGreaterThan(0.93);
    expect(covered).toBeLessThan(0.97);
  });
});
