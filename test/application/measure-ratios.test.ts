import { describe, expect, it } from "vitest";
import { measureRatios, runsPerRepetition } from "../../src/application/measure-ratios.js";

describe("ratios to the calibration loop", () => {
  it("are of the work to the mean of the loops around it, the first repetition dropped", async () => {
    // What the clock shows before and after each of loop, work, loop, in three repetitions.
    const spent = [10, 100, 30, 10, 50, 10, 20, 90, 40];
    let nowUs = 0;
    let read = 0;
    const clock = () => {
      if (read % 2 === 1) nowUs += spent[(read - 1) / 2]!;
      read++;
      return nowUs;
    };
    let done = 0;
    const count = (): void => {
      done++;
    };
    const ratios = await measureRatios(() => count(), { repetitions: 2, clock });
    expect(ratios).toEqual([5, 3]);
    expect(done).toBe(3);
  });

  it("repeat short work until it can be measured", async () => {
    const clockOf = (stepUs: number) => {
      let nowUs = 0;
      return () => (nowUs += stepUs);
    };
    const nothing = () => undefined;
    expect(await runsPerRepetition(nothing, clockOf(1_000_000))).toBe(1);
    expect(await runsPerRepetition(nothing, clockOf(6_000))).toBe(10);
    expect(await runsPerRepetition(nothing, clockOf(1))).toBe(1000);
  });
});
