import type { ExecutorOf } from "../../formats/scenario/scenario.js";
import { burstArrivalTimes } from "./burst.js";

/** Times of bursts that repeat. */
export function* jobWaveArrivalTimes({
  pods,
  within,
  waves,
  every,
}: Pick<ExecutorOf<"job-wave">, "pods" | "within" | "waves" | "every">): Generator<number, void> {
  for (let wave = 0; wave < waves; wave++) {
    for (const timeUs of burstArrivalTimes({ pods, within })) yield wave * every + timeUs;
  }
}
