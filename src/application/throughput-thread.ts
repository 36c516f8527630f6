import { measureRatio, processorTimeUs } from "./measure-ratio.js";
import { readScenario } from "./read-scenario.js";
import { simulateScenario } from "./simulate-scenario.js";

/** One repetition of a throughput measurement, told in values that can be sent to a thread. */
export interface ThroughputTask {
  /** The scenario, as `readScenario` takes it. */
  readonly file: string;
  readonly release: string;
  readonly seed: string;
  /** Version of ipamlab. */
  readonly version: string;
}

/** The job of a thread that has done nothing before. */
export default async function work({ version, ...task }: ThroughputTask): Promise<number> {
  const scenario = { ...(await readScenario(task.file)), release: task.release, seed: task.seed };
  const run = async () => {
    await simulateScenario(scenario, { version });
  };
  return measureRatio(run, { clock: processorTimeUs });
}
