import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import {
  checkThroughput,
  compareRatios,
  REPETITIONS,
} from "../../../src/analysis/gate/slowdown.js";
import { normalQuantile } from "../../../src/analysis/statistics/normal-quantile.js";
import { RandomStreams } from "../../../src/simulation/random-streams.js";

const SPREAD = 0.04;
const DRIFT = 0.01;
const GATES = 50;

/** Ratios as a machine gives them: a spread within a measurement, a drift between measurements. */
function machine(seed: string) {
  const random = new RandomStreams(seed).stream("ratios");
  const normal = () => normalQuantile(Math.min(1 - 1e-9, Math.max(1e-9, random())));
  return (slowdown: number): number[] => {
    const level = 3.7 * slowdown * Math.exp(DRIFT * normal());
    return Array.from({ length: REPETITIONS }, () => level * Math.exp(SPREAD * normal()));
  };
}

/** In how many of the gates the check fails. */
async function failuresOf(seed: string, slowdown: number): Promise<number> {
  const measure = machine(seed);
  let failures = 0;
  for (let i = 0; i < GATES; i++) {
    const baseline = measure(1);
    const { passed } = await checkThroughput(baseline, () => Promise.resolve(measure(slowdown)));
    if (!passed) failures++;
  }
  return failures;
}

describe("the throughput gate", () => {
  it("raises no false alarm in 50 gates on identical code (at most 2 % are allowed)", async () => {
    expect(await failuresOf("identical", 1)).toBeLessThanOrEqual(0.02 * GATES);
  });

  it("catches a slowdown of 10 % in at least 95 % of 50 gates", async () => {
    expect(await failuresOf("slower", 1.1)).toBeGreaterThanOrEqual(0.95 * GATES);
  });

  it("is told with these rates in docs/ci.md", async () => {
    const text = await readFile("docs/ci.md", "utf8");
    for (const [seed, slowdown, label] of [
      ["identical", 1, "the same code"],
      ["slower", 1.1, "10 % slower"],
    ] as const) {
      expect(text).toContain(`| ${label} | ${await failuresOf(seed, slowdown)} of ${GATES} |`);
    }
  });

  it("says nothing of code that became faster, nor of a small shift", () => {
    const measure = machine("one");
    const baseline = measure(1);
    const scaled = (factor: number) => baseline.map((ratio) => ratio * factor);
    expect(compareRatios(baseline, scaled(0.8)).isSlower).toBe(false);
    expect(compareRatios(baseline, scaled(1.03)).isSlower).toBe(false);
    expect(compareRatios(baseline, scaled(1.2))).toMatchObject({ isSlower: true });
    expect(compareRatios(baseline, scaled(1.2)).shift).toBeCloseTo(0.2, 1);
  });

  it("believes less of a machine whose ratios spread widely", () => {
    const wide = Array.from({ length: REPETITIONS }, (_, i) => 1 + 0.03 * (i - 5.5));
    const scaled = (factor: number) => wide.map((ratio) => ratio * factor);
    const { p, spread, shiftMin, isSlower } = compareRatios(wide, scaled(1.25));
    expect(spread).toBeCloseTo(0.108, 2);
    expect(shiftMin).toBeCloseTo(3 * spread, 5);
    expect(p).toBeLessThan(0.02);
    expect(isSlower).toBe(false);
    expect(compareRatios(wide, scaled(1.5)).isSlower).toBe(true);
  });

  it("measures a second time only after a suspicion, and needs both", async () => {
    const measure = machine("two");
    const baseline = measure(1);
    let measured = 0;
    const answers = [measure(1.3), measure(1)];
    const verdict = await checkThroughput(baseline, () => Promise.resolve(answers[measured++]!));
    expect(verdict.passed).toBe(true);
    expect(verdict.first.isSlower).toBe(true);
    expect(verdict.second?.isSlower).toBe(false);
    measured = 0;
    await checkThroughput(baseline, () => {
      measured++;
      return Promise.resolve(measure(1));
    });
    expect(measured).toBe(1);
  });
});
