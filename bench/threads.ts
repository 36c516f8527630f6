/**
 * How do the two allocators do on 1, 2, 4 and 8 threads, and how far are they from what the machine
 * can do at all? Pairs (an assignment and a release) a second, of an allocator with a node for each
 * thread and with one hot node. Beside them: two atomic operations on a known bit ("raw atomics"), a
 * bitmap whose bits are found, set and cleared by compare-and-swap, in JavaScript and in WebAssembly,
 * and a mutex that nobody else wants. All in turn in each round; best and median are told, and ratios
 * within the rounds.
 *
 * On a busy machine look at the pairs by processor second: they do not count the time that other
 * programs had the cores.
 *
 *     npm run bench:threads [-- --rounds 5] [-- --ms 300] [-- --json]
 */
import { availableParallelism, loadavg } from "node:os";
import { Piscina } from "piscina";
import { ThreadBoard } from "../src/load/thread-board.js";
import { numberAfter } from "./number-option.js";
import { prepareRaw, rawMemory } from "./raw-work.js";
import {
  benchMemory,
  type BenchOutcome,
  type BenchTask,
  NODES,
  type Subject,
} from "./thread-work.js";

const rounds = numberAfter("--rounds", 5);
const durationMs = numberAfter("--ms", 300);
const threadCounts = [1, 2, 4, 8].slice(0, numberAfter("--most", 4));

interface Case {
  readonly subject: Subject;
  readonly nodes: "own nodes" | "one hot node" | "";
  readonly threads: number;
}

interface Sample {
  readonly pairsPerSecond: number;
  /** Of processor time of the whole process. */
  readonly pairsPerCpuSecond: number;
}

const SUBJECT_CASES = [
  { subject: "raw atomics", nodes: "" },
  { subject: "raw bitmap", nodes: "" },
  { subject: "raw bitmap, wasm", nodes: "" },
  { subject: "raw mutex", nodes: "" },
  { subject: "lock-reduced", nodes: "own nodes" },
  { subject: "coarse-lock", nodes: "own nodes" },
  { subject: "lock-reduced", nodes: "one hot node" },
  { subject: "coarse-lock", nodes: "one hot node" },
] as const;
const cases: readonly Case[] = threadCounts.flatMap((threads) =>
  SUBJECT_CASES.map((each) => ({ ...each, threads })),
);

const rawCode = await prepareRaw();

async function measure(pool: Piscina, { subject, nodes, threads }: Case): Promise<Sample> {
  const memory = benchMemory(threads);
  const board = ThreadBoard.create(threads).handle;
  const raw = { ...rawCode, memory: rawMemory() };
  const cpu = process.cpuUsage();
  const outcomes = await Promise.all(
    Array.from({ length: threads }, (_, i) => {
      const own = nodes === "one hot node" ? [0] : [i % NODES];
      const task: BenchTask = {
        subject,
        memory,
        board,
        raw,
        thread: i + 1,
        nodes: own,
        durationMs,
      };
      return pool.run(task) as Promise<BenchOutcome>;
    }),
  );
  const { user, system } = process.cpuUsage(cpu);
  const pairs = outcomes.reduce((sum, outcome) => sum + outcome.pairs, 0);
  // The warm-up is a fifth of the processor time.
  const measuredCpuSeconds = ((user + system) / 1e6) * 0.8;
  return {
    pairsPerSecond: outcomes.reduce((sum, each) => sum + each.pairs / (each.elapsedMs / 1000), 0),
    pairsPerCpuSecond: pairs / measuredCpuSeconds,
  };
}

const nameOf = ({ subject, nodes, threads }: Case): string => `${subject}|${nodes}|${threads}`;
const samples = new Map<string, Sample[]>(cases.map((each) => [nameOf(each), []]));
const loadBefore = loadavg()[0]!;
const filename = new URL("./thread-work.js", import.meta.url).href;
for (const threads of threadCounts) {
  const pool = new Piscina({
    filename,
    minThreads: threads,
    maxThreads: threads,
    atomics: "disabled",
    idleTimeout: Infinity,
  });
  for (let round = 0; round < rounds; round++) {
    for (const each of cases.filter((other) => other.threads === threads)) {
      samples.get(nameOf(each))!.push(await measure(pool, each));
    }
  }
  await pool.destroy();
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** Median over the rounds of a figure of one case by that of another. */
function ratioOf(of: Case, by: Case, figure: (sample: Sample) => number): number {
  const others = samples.get(nameOf(by))!;
  return median(samples.get(nameOf(of))!.map((each, i) => figure(each) / figure(others[i]!)));
}

const rows = cases.map((each) => {
  const own = samples.get(nameOf(each))!;
  const rawAtomics: Case = { subject: "raw atomics", nodes: "", threads: each.threads };
  const rawBitmap: Case = { ...rawAtomics, subject: "raw bitmap" };
  const rawWasm: Case = { ...rawAtomics, subject: "raw bitmap, wasm" };
  const alone: Case = { ...each, threads: 1 };
  return {
    ...each,
    pairsPerSecondBest: Math.round(Math.max(...own.map((sample) => sample.pairsPerSecond))),
    pairsPerSecondMedian: Math.round(median(own.map((sample) => sample.pairsPerSecond))),
    pairsPerCpuSecondMedian: Math.round(median(own.map((sample) => sample.pairsPerCpuSecond))),
    /** Of the raw pairs of the same round, by processor second. */
    shareOfRaw: ratioOf(each, rawAtomics, (sample) => sample.pairsPerCpuSecond),
    shareOfBitmap: ratioOf(each, rawBitmap, (sample) => sample.pairsPerCpuSecond),
    shareOfRawWasm: ratioOf(each, rawWasm, (sample) => sample.pairsPerCpuSecond),
    /** Pairs a second by those of one thread, on the clock. */
    speedUp: ratioOf(each, alone, (sample) => sample.pairsPerSecond),
    /** What a pair costs less or more processor time than on one thread. */
    efficiency: ratioOf(each, alone, (sample) => sample.pairsPerCpuSecond),
  };
});
const load = { before: loadBefore, after: loadavg()[0]!, cores: availableParallelism() };

if (process.argv.includes("--json")) {
  console.log(JSON.stringify({ load, rounds, durationMs, rows }, null, 2));
} else {
  const million = (value: number) => (value / 1e6).toFixed(2).padStart(7);
  console.log(
    "threads  subject           nodes          M pairs/s best, median   M pairs/cpu-s  " +
      "of raw  of bitmap    of wasm  × 1 thread  per cpu-s",
  );
  for (const row of rows) {
    console.log(
      [
        String(row.threads).padStart(7),
        row.subject.padEnd(16),
        row.nodes.padEnd(13),
        million(row.pairsPerSecondBest),
        million(row.pairsPerSecondMedian).padStart(15),
        million(row.pairsPerCpuSecondMedian).padStart(15),
        `${(row.shareOfRaw * 100).toFixed(1)} %`.padStart(9),
        `${(row.shareOfBitmap * 100).toFixed(1)} %`.padStart(9),
        `${(row.shareOfRawWasm * 100).toFixed(1)} %`.padStart(9),
        row.speedUp.toFixed(2).padStart(9),
        row.efficiency.toFixed(2).padStart(10),
      ].join("  "),
    );
  }
  console.log(
    `load average ${load.before.toFixed(2)} before, ${load.after.toFixed(2)} after, on ` +
      `${load.cores} cores; ${rounds} rounds of ${durationMs} ms; measured here`,
  );
}
