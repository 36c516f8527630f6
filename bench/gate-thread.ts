/** A repetition of the throughput gate's measurement, on code that is made slower by a share. */
import { measureRatio, processorTimeUs } from "../src/application/measure-ratio.js";
import { readScenario } from "../src/application/read-scenario.js";
import { simulateScenario } from "../src/application/simulate-scenario.js";

export default async function work(slowdown: number): Promise<number> {
  const scenario = await readScenario("scenarios/incidents/stranded-single-address-blocks.yaml");
  const run = async () => {
    const before = processorTimeUs();
    await simulateScenario(scenario, { version: "bench" });
    const done = processorTimeUs();
    while (processorTimeUs() - done < slowdown * (done - before));
  };
  return measureRatio(run, { clock: processorTimeUs });
}
