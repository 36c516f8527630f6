import type { ExecutorOf } from "../../formats/scenario/scenario.js";

/** Times of a burst: all at once, or evenly spread with the first at the start. */
export function* burstArrivalTimes({
  pods,
  within,
}: Pick<ExecutorOf<"burst">, "pods" | "within">): Generator<number, void> {
  for (let n = 0; n < pods; n++) yield Math.floor((n * within) / pods);
}
