import { describe, expect, it } from "vitest";
import { measureRatios } from "../../src/application/measure-ratios.js";

/** Measures by a clock that only work and loop move on. */
async function measure(workUs: (run: number) => number, loopUs: number, repetitions = 2) {
  let nowUs = 0;
  let runs = 0;
  let loops = 0;
  const steps: number[] = [];
  const ratios = await measureRatios(
    () => {
      nowUs += workUs(runs++);
    },
    {
      repetitions,
      clock: () => nowUs,
      loop: () => {
        nowUs += loopUs;
        loops++;
      },
      onRepetition: (repetition) => {
        steps.push(repetition);
        return Promise.resolve();
      },
    },
  );
  return { ratios, steps, runs, loops };
}

describe("ratios to the calibration loop", () => {
  it("are told one for each repetition, after a warm-up of seconds", async () => {
    const { ratios, steps, runs } = await measure(() => 15_000, 5000, 3);
    expect(ratios).toEqual([3, 3, 3]);
    expect(steps).toEqual([0, 1, 2, 3]);
    // 3 s of warm-up, and three times ten slices of 20 ms.
    expect(runs).toBe(150 + 30);
  });

  it("leave out what happens in a few slices only", async () => {
    const { ratios } = await measure((run) => (run % 10 === 9 ? 400_000 : 15_000), 5000);
    expect(ratios).toEqual([3, 3]);
  });

  it("are of one run when a slice has many, and of one loop when it has many", async () => {
    const short = await measure(() => 10, 5000);
    expect(short.ratios).toEqual([0.002, 0.002]);
    expect(short.runs / short.loops).toBeGreaterThan(20);
    const long = await measure(() => 4_000_000, 5000);
    expect(long.ratios).toEqual([800, 800]);
    // Once to warm up, and twice; the loops between them take a quarter of that.
    expect(long.runs).toBe(3);
    expect(long.loops).toBe(1 + 4 * 200);
  });
});
