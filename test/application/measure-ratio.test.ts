import { describe, expect, it } from "vitest";
import { measureRatio } from "../../src/application/measure-ratio.js";

/** Measures by a clock that only work and loop move on. */
async function measure(workUs: (run: number) => number, loopUs: (loop: number) => number) {
  let nowUs = 0;
  let runs = 0;
  let loops = 0;
  const ratio = await measureRatio(
    () => {
      nowUs += workUs(runs++);
    },
    {
      clock: () => nowUs,
      loop: () => {
        nowUs += loopUs(loops++);
      },
    },
  );
  return { ratio, runs, loops, nowUs };
}

describe("the ratio to the calibration loop", () => {
  it("is measured after a warm-up of seconds and of many runs", async () => {
    const short = await measure(
      (run) => (run < 300 ? 4000 : 2000),
      () => 1000,
    );
    expect(short.ratio).toBe(2);
    expect(short.nowUs).toBeGreaterThanOrEqual(3_700_000);
    expect(short.nowUs).toBeLessThan(3_900_000);
    const long = await measure(
      (run) => (run < 140 ? 30_000 : 15_000),
      () => 5000,
    );
    expect(long.ratio).toBe(3);
    expect(long.nowUs).toBeLessThan(7_000_000);
    const longer = await measure(
      () => 1_000_000,
      () => 5000,
    );
    expect(longer.nowUs).toBeLessThan(11_000_000);
  });

  it("leaves out what disturbs fewer than half of the turns", async () => {
    const { ratio } = await measure(
      (run) => (run % 7 === 0 ? 400_000 : 15_000),
      (loop) => (loop % 10 === 0 ? 90_000 : 5000),
    );
    expect(ratio).toBe(3);
  });

  it("does not depend on what is slower when the other was before it", async () => {
    let last = "";
    const after = (what: string, us: number) => () => {
      const isFirst = last !== what;
      last = what;
      return isFirst ? 2 * us : us;
    };
    for (const us of [300, 1000, 4900, 5100, 15_000]) {
      const { ratio } = await measure(after("run", us), after("loop", 5000));
      expect(ratio).toBe(us / 5000);
    }
  });

  it("times so many short runs at once that the clock can tell", async () => {
    let readings = 0;
    let nowUs = 0;
    let runs = 0;
    const ratio = await measureRatio(
      () => {
        nowUs += 10.5;
        runs++;
      },
      {
        // Whole microseconds, as processors' clocks are told.
        clock: () => {
          readings++;
          return Math.floor(nowUs);
        },
        loop: () => {
          nowUs += 5250;
        },
      },
    );
    expect(ratio).toBeCloseTo(0.002, 5);
    expect(runs).toBeGreaterThan(10 * readings);
  });

  it("lets loops take a quarter of the time of a long run, which runs twice", async () => {
    const { ratio, runs, loops } = await measure(
      () => 9_000_000,
      () => 5000,
    );
    expect(ratio).toBe(1800);
    expect({ runs, loops }).toEqual({ runs: 2, loops: 1 + 2 * (1 + 450) });
  });
});
