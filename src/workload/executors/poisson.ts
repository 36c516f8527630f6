import type { ExecutorOf } from "../../formats/scenario/scenario.js";

/** Times of a Poisson process: the distances are exponential, one draw each. */
export function* poissonArrivalTimes(
  { rate, timeUnit, duration }: Pick<ExecutorOf<"poisson">, "rate" | "timeUnit" | "duration">,
  random: () => number,
): Generator<number, void> {
  const meanUs = timeUnit / rate;
  let timeUs = 0;
  for (;;) {
    timeUs += -Math.log(1 - random()) * meanUs;
    if (timeUs >= duration) return;
    yield Math.floor(timeUs);
  }
}
