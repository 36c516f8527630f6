import { RandomStreams } from "../../../src/simulation/random-streams.js";
import {
  RARE_EVENT,
  type SplittingProcess,
} from "../../../src/analysis/statistics/multilevel-splitting.js";
import type { LossSystem } from "../../../src/analysis/statistics/erlang-loss.js";

interface Taken {
  readonly time: number;
  readonly taken: number;
  readonly importance: number;
}

/** A loss system as a process to split, of which the answer is known. */
export function birthDeath(
  { servers, arrivalRate, departureRate, initial }: LossSystem,
  horizon: number,
  seed: string,
): SplittingProcess<Taken> {
  const streams = new RandomStreams(seed);
  return {
    advance(from, level, stream) {
      const random = streams.stream(stream);
      let { time, taken, importance } = from ?? {
        time: 0,
        taken: initial,
        importance: initial / (servers + 1),
      };
      let peak = importance;
      while (importance < level) {
        const rate = arrivalRate + taken * departureRate;
        time -= Math.log(1 - random()) / rate;
        if (time > horizon) return { entry: undefined, peak };
        const isArrival = random() * rate < arrivalRate;
        const isRefused = isArrival && taken === servers;
        if (!isRefused) taken += isArrival ? 1 : -1;
        importance = isRefused ? RARE_EVENT : taken / (servers + 1);
        peak = Math.max(peak, importance);
      }
      return { entry: { time, taken, importance }, peak };
    },
  };
}
