/**
 * How often the throughput gate is wrong on this machine: 50 gates on identical code, and 50 on code
 * that spins for a tenth of the processor time of each run, interleaved. Prints shares and the spread of the
 * ratios, no times. Takes 70 minutes; give a smaller number of gates for a first impression.
 * Run it on a machine as idle as that of your CI: `npm run bench:gate`.
 */
import { checkThroughput, REPETITIONS } from "../src/analysis/gate/slowdown.js";
import { median, relativeSpread } from "../src/analysis/statistics/sample.js";
import { onFreshThread } from "../src/application/fresh-thread.js";

const GATES = Number(process.argv[2] ?? 50);
const THREAD = new URL("./gate-thread.js", import.meta.url).href;

async function measure(slowdown: number): Promise<number[]> {
  const ratios: number[] = [];
  for (let i = 0; i < REPETITIONS; i++) {
    ratios.push(await onFreshThread<number>(THREAD, slowdown));
  }
  return ratios;
}

// Measurements of both kinds in turn, so that both meet the same moods of the machine.
const same: number[][] = [];
const slower: number[][] = [];
for (let i = 0; i < GATES + 2; i++) {
  same.push(await measure(0));
  slower.push(await measure(0.1));
  const [plain, slow] = [same[i]!, slower[i]!].map((ratios) => median(ratios).toFixed(3));
  console.error(`${i + 1} of ${GATES + 2}: median ratios ${plain} and ${slow}`);
}

/** Gates whose baseline is the i-th measurement, and whose checks are the next ones of `checks`. */
async function failures(checks: readonly number[][], offset: number): Promise<number> {
  let failed = 0;
  for (let i = 0; i < GATES; i++) {
    let next = i + offset;
    const answer = () => Promise.resolve(checks[next++]!);
    if (!(await checkThroughput(same[i]!, answer)).passed) failed++;
  }
  return failed;
}

const within = (100 * median(same.map(relativeSpread))).toFixed(1);
const between = (100 * relativeSpread(same.map(median))).toFixed(1);
console.log(`spread within a measurement ${within} %, between measurements ${between} %`);
console.log(`false alarms on identical code: ${await failures(same, 1)} of ${GATES}`);
const reads = (100 * (median(slower.map(median)) / median(same.map(median)) - 1)).toFixed(1);
console.log(`10 % slower, caught: ${await failures(slower, 0)} of ${GATES} (reads as ${reads} %)`);
const exact = same.map((ratios) => ratios.map((ratio) => 1.1 * ratio));
console.log(`ratios of identical code times 1.1: ${await failures(exact, 1)} of ${GATES}`);
