import { measureRatio, processorTimeUs } from "./measure-ratio.js";
import { readScenario } from "./read-scenario.js";
import type { RunTask } from "./run-task.js";
import { simulateScenario } from "./simulate-scenario.js";

/** One repetition of a throughput measurement: a run as of the run pool, without what is only compared. */
export type ThroughputTask = Pick<RunTask, "file" | "release" | "seed" | "version">;

/** The job of a thread that has done nothing before. */
export default async function work({ version, ...task }: ThroughputTask): Promise<number> {
  const scenario = { ...(await readScenario(task.file)), release: task.release, seed: task.seed };
  const run = async () => {
    await simulateScenario(scenario, { version });
  };
  return measureRatio(run, { clock: processorTimeUs });
}
