import { availableParallelism } from "node:os";
import type { Argv } from "yargs";
import { readLatencyBound } from "../../application/latency-bound.js";
import {
  addressesOf,
  loadAllocators,
  type LoadSettings,
  type LoadWorld,
} from "../../application/load-allocators.js";
import { scheduleOf } from "../../application/load-schedule.js";
import { readScenario } from "../../application/read-scenario.js";
import { ExitCode } from "../../failure/exit-code.js";
import { DURATION_TEXT, parseDuration } from "../../formats/scenario/duration.js";
import { ThreadCrew } from "../../load/thread-crew.js";
import { type AllocatorName, ALLOCATORS } from "../../load/thread-job.js";
import { hdrLog } from "../../metrics/hdr-log.js";
import type { LatencyHistogram } from "../../metrics/latency-histogram.js";
import { Cidr } from "../../model/cidr.js";
import { DEFAULT_IPAM_CONFIG } from "../../model/ipam-config.js";
import { makePool, type UsablePool } from "../../model/pool.js";
import { formatCount, formatDurationNs } from "../../report/format-number.js";
import { loadText } from "../../report/load-text.js";
import { defineCommand } from "../command.js";
import { readNumberList } from "../list-option.js";
import { integerOption, numberOption } from "../number-option.js";
import { writeOutputFile } from "../output-file.js";
import { UsageError } from "../usage-error.js";
import { readVersion } from "../version.js";

/** The options, as they were given; see the builder for what they mean. */
interface LoadArguments {
  readonly scenario: string | undefined;
  readonly allocator: string;
  readonly threads: string;
  readonly rate: number | undefined;
  readonly duration: string;
  readonly "warm-up": string;
  readonly nodes: number;
  readonly pods: number | undefined;
  readonly occupancy: string | undefined;
  readonly pool: string;
  readonly "block-size": number;
  readonly speed: number | undefined;
  readonly "find-max": string | undefined;
}

const THREADS_MOST = 64;
const PODS_PER_NODE = 30;

function readMs(option: string, text: string): number {
  const us = parseDuration(text);
  if (us === undefined) {
    throw new UsageError(`--${option}: expected ${DURATION_TEXT}, got "${text}"`);
  }
  return us / 1000;
}

function readThreads(text: string): number[] {
  const expected = `numbers of threads from 1 to ${THREADS_MOST}, such as 1,2`;
  return readNumberList("threads", text, expected, (part) => {
    const count = /^\d+$/.test(part) ? Number(part) : NaN;
    return count >= 1 && count <= THREADS_MOST ? count : NaN;
  });
}

function readPods(args: LoadArguments, addresses: number): number[] {
  const { pods, occupancy, nodes } = args;
  if (occupancy === undefined) {
    const count = pods ?? Math.min(nodes * PODS_PER_NODE, Math.floor(addresses / 2));
    if (count <= addresses) return [count];
    throw new UsageError(`--pods: the pool has ${addresses} addresses, got "${count}"`);
  }
  if (pods !== undefined) throw new UsageError("--occupancy: not together with --pods");
  const expected = "shares of the pool's addresses, such as 10%,50%,100%";
  return readNumberList("occupancy", occupancy, expected, (part) => {
    const share = /^\d+(\.\d+)?%$/.test(part) ? Number.parseFloat(part) / 100 : NaN;
    return share <= 1 ? Math.floor(share * addresses) : NaN;
  });
}

function readPool(args: LoadArguments): UsablePool {
  const cidr = Cidr.parse(args.pool);
  if (cidr?.version !== 4) {
    throw new UsageError(
      `--pool: expected an IPv4 network such as 10.0.0.0/16, got "${args.pool}"`,
    );
  }
  const blockSize = args["block-size"];
  if (blockSize < cidr.prefix) {
    throw new UsageError(`--block-size: a /${blockSize} block does not fit into ${args.pool}`);
  }
  return makePool({ name: "load", cidr, blockSize }) as UsablePool;
}

type Workload = Pick<LoadSettings, "world" | "workload" | "workloadText">;

/** Options that say what the workload is, and that a scenario says itself. */
const OWN_WORKLOAD = ["rate", "pods", "occupancy", "find-max"] as const;

async function readScenarioWorkload(args: LoadArguments): Promise<Workload> {
  for (const option of OWN_WORKLOAD) {
    if (args[option] === undefined) continue;
    throw new UsageError(`--${option}: not together with a scenario, whose workload runs as it is`);
  }
  const scenario = await readScenario(args.scenario!);
  const { nodes, plan } = await scheduleOf(scenario, args.speed ?? null);
  const { pools, reservations, ipamConfig: config } = scenario;
  const how = args.speed === undefined ? "" : `, ${args.speed} times as fast`;
  const count = formatCount(plan.operations.length);
  return {
    world: { pools, nodes, reservations, config },
    workload: plan,
    workloadText: `scenario ${scenario.name}: ${count} operations${how}`,
  };
}

function readOwnWorkload(args: LoadArguments): Workload {
  if (args.speed !== undefined) {
    throw new UsageError("--speed: only with a scenario; --rate gives a rate");
  }
  if (args["find-max"] !== undefined && args.rate !== undefined) {
    throw new UsageError("--find-max: not together with --rate, which is what it searches");
  }
  const pool = readPool(args);
  const length = String(args.nodes - 1).length;
  const nodes = Array.from({ length: args.nodes }, (_, i) => ({
    name: `node-${String(i).padStart(length, "0")}`,
    labels: {},
  }));
  const world: LoadWorld = {
    pools: [pool],
    nodes,
    reservations: [],
    config: DEFAULT_IPAM_CONFIG,
  };
  const pods = readPods(args, addressesOf(world.pools));
  if (args["find-max"] !== undefined && pods.length > 1) {
    throw new UsageError("--find-max: takes one --occupancy");
  }
  const podRate = args.rate ?? null;
  const rate = podRate === null ? "" : `, ${formatCount(podRate)} a second`;
  return {
    world,
    workload: {
      kind: "churn",
      podRate,
      pods,
      warmUpMs: readMs("warm-up", args["warm-up"]),
      durationMs: readMs("duration", args.duration),
    },
    workloadText: `${pods.map(formatCount).join(", ")} pods, each replaced by a new one${rate}`,
  };
}

/** Operations a second between two looks at a counter that starts anew with every run. */
class LiveRate {
  #operations = 0;
  #atMs: number;

  constructor(private readonly now: () => number) {
    this.#atMs = now();
  }

  update(operations: number): number {
    const nowMs = this.now();
    const done = operations < this.#operations ? operations : operations - this.#operations;
    const perSecond = (done / Math.max(1, nowMs - this.#atMs)) * 1000;
    this.#operations = operations;
    this.#atMs = nowMs;
    return perSecond;
  }
}

/** What the pods are, and where they go. */
function workloadOptions<Before>(yargs: Argv<Before>) {
  return yargs
    .option("nodes", integerOption("nodes", { describe: "nodes", default: 100, min: 1, max: 1e6 }))
    .option(
      "pods",
      integerOption("pods", {
        describe: `pods at a time; ${PODS_PER_NODE} a node unless given`,
        min: 1,
      }),
    )
    .option("occupancy", {
      describe: "pods as a share of the pool's addresses, such as 90%; several, such as 10%,50%",
      type: "string",
    })
    .option("pool", { describe: "network of the pool", type: "string", default: "10.0.0.0/16" })
    .option(
      "block-size",
      integerOption("block-size", {
        describe: "prefix length of its blocks",
        default: 26,
        min: 20,
        max: 31,
      }),
    )
    .option(
      "speed",
      numberOption("speed", {
        describe: "with a scenario: its schedule, this many times as fast; flat out unless given",
        min: 0.001,
      }),
    )
    .option("find-max", {
      describe: "search the highest rate whose latency keeps this, such as 'p(99) < 50us'",
      type: "string",
    });
}

export const command = defineCommand({
  command: "load [scenario]",
  describe:
    "Drive two allocators in shared memory by threads of this machine, and show how they contend: " +
    "coarse-lock holds one lock over each whole operation, as a write-up tells of releases before " +
    "v3.28.4; lock-reduced changes each block by compare-and-swap, as it tells of v3.28.4. Pods " +
    "leave and come at --rate, from a schedule that does not wait (open loop), or as fast as the " +
    "threads can. With a scenario, its own workload runs.",
  examples: [
    ["ipamlab load --threads 1,2", "flat out, by one thread and by two"],
    ["ipamlab load --rate 20000 --duration 10s", "open loop, latency from the intended start"],
    ["ipamlab load --find-max 'p(99) < 50us'", "the highest rate that keeps a bound"],
    ["ipamlab load --occupancy 10%,90%,100%", "how a filling pool changes it"],
    ["ipamlab load --nodes 1", "one hot node"],
    ["ipamlab load scenarios/quickstart.yaml --speed 100000", "a scenario's workload, faster"],
    ["ipamlab load --json - --hdr-log load.hlog", "every figure, and the whole histograms"],
  ],
  builder: (yargs) =>
    workloadOptions(yargs)
      .positional("scenario", {
        describe: "scenario whose workload, pools and nodes to run",
        type: "string",
      })
      .option("target", {
        describe: "what is driven",
        choices: ["memory"],
        default: "memory",
      })
      .option("allocator", {
        describe: "which allocator",
        choices: ["both", ...ALLOCATORS],
        default: "both",
      })
      .option("threads", {
        describe: "number of threads; several, such as 1,2,4, run one after the other",
        type: "string",
        default: String(Math.min(2, availableParallelism())),
      })
      .option(
        "rate",
        numberOption("rate", { describe: "pods that come a second, on all threads", min: 0.001 }),
      )
      .option("duration", {
        describe: "how long each run measures",
        type: "string",
        default: "2s",
      })
      .option("warm-up", {
        describe: "how long each run goes before it measures",
        type: "string",
        default: "500ms",
      })
      .option(
        "repetitions",
        integerOption("repetitions", {
          describe: "runs of each allocator, in turn",
          default: 3,
          min: 1,
          max: 1000,
        }),
      )
      .option("pin-seed", {
        describe: "seed of the operations of every thread",
        type: "string",
        default: "1",
      })
      .option("hdr-log", {
        describe: "write all histograms to this file, as an HdrHistogram V2 log",
        type: "string",
      })
      .option("json", {
        describe: "write the whole result document to this file; - is standard output",
        type: "string",
      }),
  async run(args, context) {
    const threads = readThreads(args.threads);
    const findMax = args["find-max"];
    const bound = findMax === undefined ? undefined : readLatencyBound(findMax, "--find-max");
    const workload =
      args.scenario === undefined ? readOwnWorkload(args) : await readScenarioWorkload(args);
    const histograms: { name: string; histogram: LatencyHistogram }[] = [];
    const liveRate = new LiveRate(() => context.now());
    const result = await loadAllocators({
      ...workload,
      version: readVersion(),
      allocators: args.allocator === "both" ? ALLOCATORS : [args.allocator as AllocatorName],
      threads,
      repetitions: args.repetitions,
      seed: args["pin-seed"],
      findMax: bound,
      createCrew: (threadCount) => new ThreadCrew(threadCount),
      signal: context.signal,
      onProgress: ({ allocator, repetition, soFar }) => {
        const perSecond = liveRate.update(soFar.operations);
        context.progress.update(() => {
          const p99 = soFar.serviceTimes().summary()?.p99;
          return (
            `${allocator} ${repetition}/${args.repetitions}: ` +
            `${formatCount(soFar.operations)} operations, ${formatCount(Math.round(perSecond))}/s` +
            (p99 === undefined ? "" : `, p99 ${formatDurationNs(p99)}`)
          );
        });
      },
      onSearch: (allocator, rate) => {
        context.progress.update(() => `${allocator}: ${formatCount(Math.round(rate))} pods/s`);
      },
      onHistogram: (name, histogram) => histograms.push({ name, histogram }),
    });
    const log = args["hdr-log"];
    if (log !== undefined) {
      await writeOutputFile(log, hdrLog(histograms, result.settings.secondsPerRun ?? 0));
    }
    const document = `${JSON.stringify(result, null, 2)}\n`;
    if (args.json === "-") {
      context.stdout.write(document);
      return ExitCode.ok;
    }
    if (args.json !== undefined) await writeOutputFile(args.json, document);
    context.stdout.write(loadText(result, context));
    if (args.json !== undefined) context.stdout.write(`result          ${args.json}\n`);
    if (log !== undefined) context.stdout.write(`histograms      ${log}\n`);
    return ExitCode.ok;
  },
});
