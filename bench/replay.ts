/**
 * How many operations a second does the allocator do? Two workloads, calls counted but not recorded,
 * interleaved; the best round of each is told, since other programs only ever make a round slower.
 *
 *     npm run bench:replay [-- --rounds 5] [-- --json]
 */
import { loadavg } from "node:os";
import { CHURN_100, CHURN_1000, type ChurnOutcome, runChurn } from "./churn.js";
import { numberAfter } from "./number-option.js";

const rounds = numberAfter("--rounds", 5);
const workloads = [CHURN_100, CHURN_1000];
const outcomes = new Map<string, ChurnOutcome[]>(workloads.map(({ name }) => [name, []]));
const now = () => performance.now();

for (let round = 0; round < rounds; round++) {
  for (const workload of workloads) outcomes.get(workload.name)!.push(runChurn(workload, now));
}

const rows = workloads.map((workload) => {
  const all = outcomes.get(workload.name)!;
  const perSecond = all.map(({ elapsedMs }) => (workload.operations / elapsedMs) * 1000);
  const sorted = [...perSecond].sort((a, b) => a - b);
  return {
    workload: workload.name,
    operationsPerSecondBest: Math.round(sorted.at(-1)!),
    operationsPerSecondMedian: Math.round(sorted[Math.floor(sorted.length / 2)]!),
    callsPerOperation: all[0]!.calls / workload.operations,
    blocks: all[0]!.blocks,
    failed: all[0]!.failed,
    resultHash: all[0]!.resultHash,
    rounds,
  };
});
const load = loadavg().map((value) => Number(value.toFixed(2)));

if (process.argv.includes("--json")) {
  console.log(JSON.stringify({ loadAverage: load, rows }, null, 2));
} else {
  for (const row of rows) {
    console.log(
      `${row.workload.padEnd(11)} best ${row.operationsPerSecondBest} operations/s, ` +
        `median ${row.operationsPerSecondMedian}, ${row.callsPerOperation.toFixed(2)} calls each, ` +
        `${row.blocks} blocks, result ${row.resultHash}`,
    );
  }
  console.log(`load average ${load.join(" ")}, ${rounds} rounds, measured here`);
}
