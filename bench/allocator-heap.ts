/**
 * Do the operations of the allocators make JavaScript objects? Growth of the heap of each thread over
 * ten million operations (five million pairs of an assignment and a release), after a warm-up and a
 * garbage collection, with the collections that fell into it, which would hide growth. The smallest
 * object is twelve bytes, so one an operation would be 120 MB.
 *
 *     npm run bench:allocator-heap [-- --small]
 */
import { loadavg } from "node:os";
import { Piscina } from "piscina";
import { ThreadBoard } from "../src/load/thread-board.js";
import { prepareRaw, rawMemory } from "./raw-work.js";
import {
  benchMemory,
  type BenchOutcome,
  type BenchTask,
  NODES,
  type Subject,
} from "./thread-work.js";

const pairs = process.argv.includes("--small") ? 20_000 : 5_000_000;
/** Nobody waits for longer. */
const DURATION_MS = 120_000;
const filename = new URL("./thread-work.js", import.meta.url).href;
const rawCode = await prepareRaw();

async function measure(pool: Piscina, subject: Subject, threads: number): Promise<BenchOutcome[]> {
  const memory = benchMemory(threads);
  const board = ThreadBoard.create(threads).handle;
  const raw = { ...rawCode, memory: rawMemory() };
  return Promise.all(
    Array.from({ length: threads }, (_, i) => {
      const nodes = [i % NODES];
      const thread = i + 1;
      const durationMs = DURATION_MS;
      const task: BenchTask = { subject, memory, board, raw, thread, nodes, durationMs, pairs };
      return pool.run(task) as Promise<BenchOutcome>;
    }),
  );
}

console.log("threads  allocator     operations of each   heap growth, bytes   an operation   GCs");
for (const threads of [1, 2, 4]) {
  for (const subject of ["lock-reduced", "coarse-lock"] as const) {
    const pool = new Piscina({ filename, minThreads: threads, maxThreads: threads });
    const outcomes = await measure(pool, subject, threads);
    await pool.destroy();
    const growth = Math.max(...outcomes.map(({ heapGrowthBytes }) => heapGrowthBytes));
    const operations = 2 * Math.min(...outcomes.map((outcome) => outcome.pairs));
    const collections = outcomes.reduce((sum, outcome) => sum + outcome.collections, 0);
    console.log(
      [
        String(threads).padStart(7),
        subject.padEnd(12),
        operations.toLocaleString("en").padStart(18),
        growth.toLocaleString("en").padStart(19),
        (growth / operations).toFixed(4).padStart(13),
        String(collections).padStart(4),
      ].join("  "),
    );
  }
}
console.log(
  `the thread whose heap grew most; load average ${loadavg()[0]!.toFixed(2)}, measured here`,
);
