/**
 * How often the throughput gate is wrong on this machine: 50 gates on identical code, and 50 with
 * 10 % more work, interleaved. Prints shares and the spread of the ratios, no times. Takes a quarter of an
 * hour. Run it on a machine as idle as that of your CI: `npm run bench:gate`.
 */
import { checkThroughput, REPETITIONS } from "../src/analysis/gate/slowdown.js";
import { median, relativeSpread } from "../src/analysis/statistics/sample.js";
import { measureRatios } from "../src/application/measure-ratios.js";
import { readScenario } from "../src/application/read-scenario.js";
import { simulateScenario } from "../src/application/simulate-scenario.js";
import { processorTimeUs } from "../src/cli/machine.js";

const GATES = Number(process.argv[2] ?? 50);

const scenario = await readScenario("scenarios/incidents/stranded-single-address-blocks.yaml");

async function work(parts: number): Promise<void> {
  for (let i = 0; i < parts; i++) await simulateScenario(scenario, { version: "bench" });
}

const measure = (parts: number): Promise<number[]> =>
  measureRatios(() => work(parts), { repetitions: REPETITIONS, clock: processorTimeUs });

// Blocks of both kinds in turn, so that both meet the same moods of the machine.
// Eleven runs for ten are the 10 %.
const same: number[][] = [];
const slower: number[][] = [];
for (let i = 0; i < GATES + 2; i++) {
  same.push(await measure(10));
  slower.push(await measure(11));
}

async function failures(first: readonly number[][], offset: number): Promise<number> {
  let failed = 0;
  for (let i = 0; i < GATES; i++) {
    let next = i + offset;
    const answer = () => Promise.resolve(first[next++]!);
    if (!(await checkThroughput(same[i]!, answer)).passed) failed++;
  }
  return failed;
}

const within = (100 * median(same.map(relativeSpread))).toFixed(1);
const between = (100 * relativeSpread(same.map(median))).toFixed(1);
console.log(`spread within a measurement ${within} %, between measurements ${between} %`);
console.log(`false alarms on identical code: ${await failures(same, 1)} of ${GATES}`);
console.log(`10 % slower, caught: ${await failures(slower, 0)} of ${GATES}`);
