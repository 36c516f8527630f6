import fc from "fast-check";
import seedrandom from "seedrandom";
import { describe, expect, it } from "vitest";
import { constantArrivalTimes } from "../../../src/workload/executors/constant-arrival-rate.js";
import { jobWaveArrivalTimes } from "../../../src/workload/executors/job-wave.js";
import { poissonArrivalTimes } from "../../../src/workload/executors/poisson.js";
import { rampingArrivalTimes } from "../../../src/workload/executors/ramping-arrival-rate.js";

const SECOND = 1e6;

const isAscending = (times: readonly number[]) =>
  times.every((time, i) => Number.isSafeInteger(time) && (i === 0 || times[i - 1]! <= time));

const rates = fc.double({ min: 0.1, max: 200, noNaN: true });
const units = fc.constantFrom(SECOND, 60 * SECOND);
const durations = fc.integer({ min: 1, max: 60 }).map((seconds) => seconds * SECOND);

describe("constant-arrival-rate", () => {
  it("has in every stretch the pods that the rate says, give or take one", () => {
    fc.assert(
      fc.property(rates, units, durations, fc.nat(), (rate, timeUnit, duration, cut) => {
        const times = [...constantArrivalTimes({ rate, timeUnit, duration })];
        expect(isAscending(times)).toBe(true);
        expect(times.every((time) => time < duration)).toBe(true);
        const until = cut % duration;
        const before = times.filter((time) => time < until).length;
        expect(Math.abs(before - (until / timeUnit) * rate)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("poisson", () => {
  it("has counts and distances of a Poisson process of its rate", () => {
    // 200 seeds: what is false of the process fails always, what is true never.
    const timeUnit = SECOND;
    const duration = 100 * SECOND;
    const rate = 20;
    const counts: number[] = [];
    const distances: number[] = [];
    for (let seed = 0; seed < 200; seed++) {
      const random = seedrandom.alea(`rates/${seed}`);
      const times = [...poissonArrivalTimes({ rate, timeUnit, duration }, random)];
      expect(isAscending(times)).toBe(true);
      counts.push(times.length);
      times.forEach((time, i) => distances.push(time - (times[i - 1] ?? 0)));
    }
    const mean = (numbers: readonly number[]) =>
      numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
    const variance = (numbers: readonly number[]) => {
      const middle = mean(numbers);
      return mean(numbers.map((each) => (each - middle) ** 2));
    };
    // The mean count is 2000 with a standard error of 3.2, its variance 2000 with one of 200.
    expect(Math.abs(mean(counts) - 2000)).toBeLessThan(13);
    expect(Math.abs(variance(counts) - 2000)).toBeLessThan(800);
    // Exponential distances: the standard deviation is the mean, and 1/e of them are longer.
    expect(mean(distances) / SECOND).toBeCloseTo(0.05, 3);
    expect(Math.sqrt(variance(distances)) / mean(distances)).toBeCloseTo(1, 1);
    const longer = distances.filter((distance) => distance > 0.05 * SECOND).length;
    expect(longer / distances.length).toBeCloseTo(Math.exp(-1), 2);
  });
});

describe("poisson at any rate", () => {
  it("has as many pods as the rate says, six standard deviations apart at most", () => {
    fc.assert(
      fc.property(rates, units, durations, fc.nat(), (rate, timeUnit, duration, seed) => {
        const random = seedrandom.alea(`any/${seed}`);
        const times = [...poissonArrivalTimes({ rate, timeUnit, duration }, random)];
        expect(isAscending(times)).toBe(true);
        expect(times.every((time) => time < duration)).toBe(true);
        const wanted = (rate * duration) / timeUnit;
        // The tail of a small mean is longer than a normal distribution's.
        expect(Math.abs(times.length - wanted)).toBeLessThan(6 * Math.sqrt(wanted) + 12);
      }),
    );
  });
});

describe("ramping-arrival-rate", () => {
  const stages = fc.array(
    fc.record({ duration: durations, target: fc.double({ min: 0, max: 50, noNaN: true }) }),
    { minLength: 1, maxLength: 4 },
  );

  it("has up to every stage's end the area under the rate, give or take one", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 50, noNaN: true }), stages, (startRate, plan) => {
        const times = [...rampingArrivalTimes({ startRate, timeUnit: SECOND, stages: plan })];
        expect(isAscending(times)).toBe(true);
        let endUs = 0;
        let area = 0;
        let from = startRate;
        for (const { duration, target } of plan) {
          area += (((from + target) / 2) * duration) / SECOND;
          endUs += duration;
          from = target;
          const before = times.filter((time) => time <= endUs).length;
          expect(Math.abs(before - area)).toBeLessThanOrEqual(1.001);
        }
      }),
    );
  });

  it("agrees with a constant rate where it does not change", () => {
    const stages = [{ duration: 10 * SECOND, target: 3 }];
    const times = [...rampingArrivalTimes({ startRate: 3, timeUnit: SECOND, stages })];
    expect(times).toHaveLength(30);
    times.forEach((time, i) => expect(Math.abs(time - ((i + 1) / 3) * SECOND)).toBeLessThan(2));
  });
});

describe("job-wave", () => {
  it("repeats its burst", () => {
    const wave = { pods: 2, within: 4, waves: 2, every: 10 };
    expect([...jobWaveArrivalTimes(wave)]).toEqual([0, 2, 10, 12]);
  });
});
