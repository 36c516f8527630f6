/**
 * How fast are the runs of `ipamlab plan`, and what does a second thread give? The case is a day of
 * 400 nodes with 10,000 pods (`bench/scenarios/plan-400-nodes.yaml`): about 25,000 assignments and
 * releases a run.
 *
 * One and two threads take turns, each with the same number of runs a thread, after both have warmed
 * up. Printed are the rounds, the medians, and the processor time a run, which is steadier than wall
 * time on a machine that has other work: where it is the same for one and two threads, nothing but
 * free processors is missing for twice the speed. Threads of which the machine runs one at a time are
 * no faster, so on a busy machine the ratio of wall times is that of its free processors.
 *
 *     npm run bench:plan [-- ROUNDS]
 */
import { readScenario } from "../src/application/read-scenario.js";
import { monteCarlo, type MonteCarloControl } from "../src/planning/monte-carlo.js";
import { ownHorizonUs, packCase } from "../src/planning/plan-case.js";
import type { PlanQuestion } from "../src/planning/plan-question.js";
import { type RunThreads, startThreads } from "../src/planning/run-threads.js";

const RUNS_A_THREAD = 16;

const control: MonteCarloControl = {
  nowMs: () => performance.now(),
  deadlineMs: Infinity,
  signal: new AbortController().signal,
  turn: () => Promise.resolve(),
};

interface Speed {
  readonly runsPerSecond: number;
  readonly cpuMsPerRun: number;
}

async function measure(threads: RunThreads, question: PlanQuestion, from: number): Promise<Speed> {
  const count = RUNS_A_THREAD * threads.width;
  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  await monteCarlo(threads, question, { from, count }, control);
  const { user, system } = process.cpuUsage(startCpu);
  const seconds = (performance.now() - startMs) / 1000;
  return { runsPerSecond: count / seconds, cpuMsPerRun: (user + system) / 1000 / count };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

const rounds = Number(process.argv[2] ?? 7);
const scenario = await readScenario("bench/scenarios/plan-400-nodes.yaml");
const planned = packCase({
  scenario,
  horizonUs: ownHorizonUs(scenario),
  hasTunnels: false,
  isBorrowingFailure: false,
  initial: null,
  nodeGrowth: null,
});
const question: PlanQuestion = { planned, settings: {}, ranges: [], seed: scenario.seed };
const pools = [startThreads(1), startThreads(2)];
for (const threads of pools) await measure(threads, question, 0);
const speeds: Speed[][] = [[], []];
console.log("round   runs/s, 1 thread   2 threads   ratio   CPU ms a run: 1 thread   2 threads");
for (let round = 0; round < rounds; round++) {
  // Who is first changes, so that a machine that slows down meanwhile favours neither.
  const order = round % 2 === 0 ? [0, 1] : [1, 0];
  for (const i of order) speeds[i]!.push(await measure(pools[i]!, question, round * 100));
  const [one, two] = [speeds[0]!.at(-1)!, speeds[1]!.at(-1)!];
  console.log(
    [
      String(round + 1).padStart(5),
      one.runsPerSecond.toFixed(1).padStart(18),
      two.runsPerSecond.toFixed(1).padStart(11),
      (two.runsPerSecond / one.runsPerSecond).toFixed(2).padStart(7),
      one.cpuMsPerRun.toFixed(0).padStart(23),
      two.cpuMsPerRun.toFixed(0).padStart(11),
    ].join(" "),
  );
}
const [one, two] = speeds.map((of) => ({
  runsPerSecond: median(of.map(({ runsPerSecond }) => runsPerSecond)),
  cpuMsPerRun: median(of.map(({ cpuMsPerRun }) => cpuMsPerRun)),
}));
const ratio = median(speeds[1]!.map((of, i) => of.runsPerSecond / speeds[0]![i]!.runsPerSecond));
console.log(
  `\nmedians: ${one!.runsPerSecond.toFixed(1)} and ${two!.runsPerSecond.toFixed(1)} runs/s, ` +
    `ratio ${ratio.toFixed(2)}; ${one!.cpuMsPerRun.toFixed(0)} and ` +
    `${two!.cpuMsPerRun.toFixed(0)} ms of processor time a run, ` +
    `${((2 * one!.cpuMsPerRun) / two!.cpuMsPerRun).toFixed(2)} times as fast on two free processors`,
);
console.log(`1,000 runs on two free processors: ${(two!.cpuMsPerRun / 2).toFixed(0)} s`);
for (const threads of pools) await threads.close();
