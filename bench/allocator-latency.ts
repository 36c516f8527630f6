/**
 * How long does an operation take under two threads at half of what they can do? Each round searches
 * the rate that both threads reach flat out, then offers half of it from a schedule that does not
 * wait, and takes the time of every operation. Then the same threads keep the same schedule with
 * an allocator that does nothing: what is late then is late by the machine, or by the driver, and
 * counted alike, with all that waited behind it. Best and median of the rounds.
 *
 *     npm run bench:allocator-latency [-- --rounds 5] [-- --ms 500]
 */
import { availableParallelism, loadavg } from "node:os";
import { createAllocatorMemory } from "../src/allocator/create-memory.js";
import { type ChurnPlan, handleCountOf, type LoadPlan, workOf } from "../src/load/load-plan.js";
import { runOnce } from "../src/load/run-once.js";
import { ThreadBoard } from "../src/load/thread-board.js";
import { ThreadCrew } from "../src/load/thread-crew.js";
import { ALLOCATORS, type AllocatorName } from "../src/load/thread-job.js";
import { LatencyHistogram } from "../src/metrics/latency-histogram.js";
import { Cidr } from "../src/model/cidr.js";
import { DEFAULT_IPAM_CONFIG } from "../src/model/ipam-config.js";
import { makePool, type UsablePool } from "../src/model/pool.js";
import { RandomStreams } from "../src/simulation/random-streams.js";
import { numberAfter } from "./number-option.js";

const rounds = numberAfter("--rounds", 5);
const durationMs = numberAfter("--ms", 500);
const THREADS = 2;
const PODS = 3000;
const DRAWS = 2 ** 16;

const random = new RandomStreams("1");
const draws = Array.from({ length: THREADS }, (_, thread) => {
  const next = random.stream(`load/thread-${thread + 1}`);
  return Int32Array.from({ length: DRAWS }, () => Math.floor(next() * 2 ** 31));
});

function planAt(podRate: number | null): LoadPlan {
  const workload: ChurnPlan = {
    kind: "churn",
    podRate,
    pods: PODS,
    drawsOf: (thread) => draws[thread - 1]!,
    warmUpMs: durationMs / 2,
    durationMs,
  };
  return {
    world: {
      version: 4,
      pools: [makePool({ name: "p", cidr: Cidr.of("10.0.0.0/16"), blockSize: 26 }) as UsablePool],
      nodes: Array.from({ length: 100 }, (_, i) => ({ name: `node-${i}`, labels: {} })),
      reservations: [],
      config: DEFAULT_IPAM_CONFIG,
    },
    threadCount: THREADS,
    isSpinning: THREADS <= availableParallelism(),
    workload,
  };
}

interface Sample {
  readonly podsPerSecond: number;
  readonly service: LatencyHistogram;
  readonly fromIntended: LatencyHistogram;
  readonly driverLag: LatencyHistogram;
  /** From the intended start, of an allocator that does nothing. */
  readonly withoutWork: LatencyHistogram;
}

/** The same schedule, with an allocator that does nothing. */
async function runIdle(plan: LoadPlan): Promise<LatencyHistogram> {
  const warmUpMs = durationMs / 2;
  const handleCount = handleCountOf(plan);
  const world = { ...plan.world, handleCount, overflowCount: 0, threadCount: THREADS };
  const memory = createAllocatorMemory(world).handle;
  const board = ThreadBoard.create(THREADS);
  const threads = Array.from({ length: THREADS }, (_, i) => i + 1);
  await Promise.all(
    threads.map((thread) =>
      idleCrew.run({
        allocator: "lock-reduced",
        memory,
        board: board.handle,
        thread,
        isOpenLoop: true,
        isSpinning: plan.isSpinning,
        warmUpNs: warmUpMs * 1e6,
        durationNs: (warmUpMs + durationMs) * 1e6,
        sliceNs: 1e9,
        work: workOf(plan, thread),
      }),
    ),
  );
  const latencies = new LatencyHistogram();
  for (const thread of threads) latencies.add(board.measuresOf(thread).histograms.fromIntended);
  return latencies;
}

const crew = new ThreadCrew(THREADS);
const idleCrew = new ThreadCrew(THREADS, new URL("./idle-worker.js", import.meta.url));
const samples = new Map<AllocatorName, Sample[]>(ALLOCATORS.map((name) => [name, []]));
for (let round = 0; round < rounds; round++) {
  for (const allocator of ALLOCATORS) {
    const flatOut = await runOnce(planAt(null), allocator, crew);
    // A pod is an assignment and a release.
    const podsPerSecond = flatOut.perSecond / 2 / 2;
    const measures = await runOnce(planAt(podsPerSecond), allocator, crew);
    const { fromIntended, driverLag } = measures.histograms;
    const service = measures.serviceTimes();
    const withoutWork = await runIdle(planAt(podsPerSecond));
    const sample = { podsPerSecond, service, fromIntended, driverLag, withoutWork };
    samples.get(allocator)!.push(sample);
  }
}
await Promise.all([crew.close(), idleCrew.close()]);

function sorted(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

/** Best and median of the rounds, microseconds. */
function text(values: readonly number[]): string {
  const inOrder = sorted(values).map((ns) => (ns / 1000).toFixed(2));
  return `${inOrder[0]!} / ${inOrder[Math.floor(inOrder.length / 2)]!}`;
}

console.log("microseconds, best / median   p50            p99            p99.9");
for (const [allocator, rows] of samples) {
  const rates = sorted(rows.map(({ podsPerSecond }) => podsPerSecond));
  const rate = Math.round(rates[Math.floor(rates.length / 2)]!);
  console.log(`${allocator} at ${rate.toLocaleString("en")} pods/s, half of flat out`);
  for (const [name, of] of [
    ["service time", (sample: Sample) => sample.service],
    ["from the intended start", (sample: Sample) => sample.fromIntended],
    ["the same without allocator", (sample: Sample) => sample.withoutWork],
    ["lag of an idle thread", (sample: Sample) => sample.driverLag],
  ] as const) {
    const summaries = rows.map((row) => of(row).summary()).filter((each) => each !== null);
    const cells = (["p50", "p99", "p999"] as const).map((quantile) =>
      text(summaries.map((summary) => summary[quantile])).padEnd(13),
    );
    console.log(`  ${name.padEnd(26)}  ${cells.join("  ")}`);
  }
}
console.log(
  `${THREADS} threads on ${availableParallelism()} cores, ${rounds} rounds of ${durationMs} ms, ` +
    `load average ${loadavg()[0]!.toFixed(2)}; measured here`,
);
