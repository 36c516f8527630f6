import type { ExecutorOf } from "../../formats/scenario/scenario.js";

/**
 * Times at equal distances: the first pod at once, the n-th after n distances, each computed from
 * its number so that no error adds up.
 */
export function* constantArrivalTimes({
  rate,
  timeUnit,
  duration,
}: Pick<ExecutorOf<"constant-arrival-rate">, "rate" | "timeUnit" | "duration">): Generator<
  number,
  void
> {
  for (let n = 0; ; n++) {
    const timeUs = Math.floor((n * timeUnit) / rate);
    if (timeUs >= duration) return;
    yield timeUs;
  }
}
