import { REPETITIONS } from "../analysis/gate/slowdown.js";
import { onFreshThread } from "./fresh-thread.js";
import work, { type ThroughputTask } from "./throughput-thread.js";

export interface ThroughputOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called before each repetition, from 1; may wait. */
  readonly onRepetition?: ((repetition: number) => Promise<void>) | undefined;
}

/** Threads load built files; run from the sources, there is this one alone. */
const isBuilt = import.meta.url.endsWith(".js");
const THREAD = new URL("./throughput-thread.js", import.meta.url).href;

/**
 * Ratios of a scenario's processor time to the calibration loop's, each measured by a thread of its own.
 * From one thread to the next, the same code is compiled and laid out differently and so runs some per
 * cent faster or slower, for as long as the thread lives: only fresh ones are independent repetitions.
 */
export async function measureThroughput(
  task: ThroughputTask,
  { signal, onRepetition }: ThroughputOptions,
): Promise<number[]> {
  const ratios: number[] = [];
  for (let repetition = 1; repetition <= REPETITIONS; repetition++) {
    signal?.throwIfAborted();
    await onRepetition?.(repetition);
    ratios.push(await (isBuilt ? onFreshThread<number>(THREAD, task, signal) : work(task)));
  }
  return ratios;
}
