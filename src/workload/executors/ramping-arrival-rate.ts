import type { ExecutorOf } from "../../formats/scenario/scenario.js";

/**
 * When a rate that goes evenly from `from` to `to` over `duration` has brought `pods` pods; the rates
 * are in pods a microsecond.
 */
function timeOf(pods: number, from: number, to: number, duration: number): number {
  const slope = (to - from) / duration;
  // slope/2 t² + from t = pods, in the form that loses no digits when the slope is small.
  const root = Math.sqrt(Math.max(0, from * from + 2 * slope * pods));
  return from + root === 0 ? Infinity : (2 * pods) / (from + root);
}

/**
 * Times of a rate that changes evenly within each stage: the n-th pod comes when the area under the
 * rate reaches n, the first one a whole pod after the start.
 */
export function* rampingArrivalTimes({
  startRate,
  timeUnit,
  stages,
}: Pick<ExecutorOf<"ramping-arrival-rate">, "startRate" | "timeUnit" | "stages">): Generator<
  number,
  void
> {
  let from = startRate / timeUnit;
  let stageStartUs = 0;
  let podsBefore = 0;
  let next = 1;
  for (const { target, duration } of stages) {
    const to = target / timeUnit;
    const podsOfStage = ((from + to) / 2) * duration;
    for (; next <= podsBefore + podsOfStage; next++) {
      const afterUs = Math.min(duration, timeOf(next - podsBefore, from, to, duration));
      yield Math.floor(stageStartUs + afterUs);
    }
    podsBefore += podsOfStage;
    stageStartUs += duration;
    from = to;
  }
}
