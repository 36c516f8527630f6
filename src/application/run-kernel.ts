import type { Kernel } from "../simulation/kernel.js";
import type { ExecutorRun } from "../workload/executor-run.js";
import { TraceReplay } from "../workload/executors/trace.js";

/** Wakes between two looks at the outside. */
export const WAKES_PER_TURN = 4096;

/** How a run lets its caller look at it. */
export interface KernelTurns {
  /** Called after every few thousand wakes; false ends the run. */
  readonly onTurn: () => Promise<boolean>;
  /** How many wakes until `onTurn` is called again; a few thousand when absent. */
  readonly wakesOfTurn?: (() => number) | undefined;
}

export interface KernelRunOptions extends KernelTurns {
  readonly executors: readonly ExecutorRun[];
  /** When the run ends; Infinity: when nothing is left to happen. */
  readonly untilUs: number;
}

/**
 * Runs the kernel to its end, reading traces in time: the kernel never comes to an event time that
 * is not loaded whole, so the outcome does not depend on how files are cut into batches.
 *
 * @returns false when `onTurn` ended the run.
 */
export async function runKernel(kernel: Kernel, options: KernelRunOptions): Promise<boolean> {
  const { executors, untilUs, onTurn } = options;
  const wakesOfTurn = options.wakesOfTurn ?? (() => WAKES_PER_TURN);
  const traces = executors.filter((executor) => executor instanceof TraceReplay);
  let loadedToUs = 0;
  for (const trace of traces) await trace.load(loadedToUs);
  for (const executor of executors) executor.start();
  for (;;) {
    for (const trace of traces) await trace.load(loadedToUs);
    loadedToUs = Math.min(...traces.map((trace) => trace.loadedToUs), Infinity);
    const stopUs = Math.min(loadedToUs - 1, untilUs);
    for (let isDone = false; !isDone; ) {
      isDone = kernel.run(stopUs, wakesOfTurn());
      if (!(await onTurn())) return false;
    }
    if (stopUs === untilUs || stopUs === Infinity) return true;
  }
}
