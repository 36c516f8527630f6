import type { LoadedAllocator, LoadResult } from "../formats/result/load-result.js";
import {
  formatCount,
  formatDurationNs,
  formatPercent,
  formatSignificant,
} from "./format-number.js";
import { printableText } from "./printable-text.js";
import { formatTable } from "./table.js";
import { textPlot } from "./text-plot.js";
import { wrapped } from "./wrapped.js";

const FAILURES_MAX = 3;
const PLOT_HEIGHT = 4;

function threadsText(count: number): string {
  return `${count} thread${count === 1 ? "" : "s"}`;
}

function duration(ns: number | undefined): string {
  return ns === undefined ? "" : formatDurationNs(ns);
}

function heading({ settings, machine, completed }: LoadResult, width: number): string[] {
  const { mode, nodes, pools, repetitions, secondsPerRun, warmUpSeconds, workload } = settings;
  const cidrs = pools.map(({ cidr, blockSize }) => `${cidr} of /${blockSize} blocks`);
  const each =
    secondsPerRun === null
      ? ""
      : `, ${formatSignificant(secondsPerRun)} s each after ${formatSignificant(warmUpSeconds)} s`;
  return [
    ...wrapped("load", `${mode}: ${printableText(workload)}`, width),
    ...wrapped("cluster", `${formatCount(nodes)} nodes, pool ${cidrs.join(", ")}`, width),
    ...wrapped(
      "machine",
      `${printableText(machine.processor)}, ${machine.cores} cores, Node.js ${machine.node}, load ` +
        `average ${formatSignificant(machine.loadAverage)} before`,
      width,
    ),
    `runs            ${repetitions} of each, in turn${each}`,
    ...(completed ? [] : ["INTERRUPTED: what follows covers the part that ran"]),
  ];
}

const COLUMNS = [
  { title: "threads" },
  { title: "pods" },
  { title: "allocator" },
  { title: "operations/s", align: "right" as const },
  { title: "p50", align: "right" as const },
  { title: "p99", align: "right" as const },
  { title: "p99.9", align: "right" as const },
  { title: "max", align: "right" as const },
  { title: "failed" },
];

function tableOf(
  { runs }: LoadResult,
  latencyOf: (allocator: LoadedAllocator) => LoadedAllocator["assignNs"],
  color: boolean,
): string {
  const rows = runs.flatMap(({ threads, pods, allocators }) =>
    allocators.map((each) => {
      const latency = latencyOf(each);
      return [
        threads,
        pods ?? "",
        each.allocator,
        formatSignificant(each.operations.perSecond),
        duration(latency?.p50),
        duration(latency?.p99),
        duration(latency?.p999),
        duration(latency?.max),
        each.operations.failed,
      ];
    }),
  );
  return formatTable(COLUMNS, rows, { color }).trimEnd();
}

function contention(threads: number, pods: number | null, each: LoadedAllocator): string[] {
  const { contention: seen, failures, operations } = each;
  const done = operations.assigned + operations.failed + operations.released;
  const name =
    `${each.allocator}, ${threadsText(threads)}` +
    (pods === null ? "" : `, ${formatCount(pods)} pods`);
  const lines: string[] = [];
  if (seen.lock !== null) {
    const { acquisitions, contended, mostWaiters, waitNs, holdNs } = seen.lock;
    const share = acquisitions === 0 ? 0 : contended / acquisitions;
    lines.push(
      `  ${name}: ${formatPercent(share, 2)} of acquisitions found the lock taken; wait p99 ` +
        `${duration(waitNs?.p99) || "none"}, held p50 ${duration(holdNs?.p50) || "not sampled"}, ` +
        `at most ${mostWaiters} asleep`,
    );
  } else {
    const most = seen.operationsByRetries.length - 1;
    lines.push(
      `  ${name}: ${formatCount(seen.conflicts)} retries in ${formatCount(done)} operations ` +
        `(most in one: ${most}), ${formatCount(seen.claimsLost)} claims lost`,
    );
    const [hottest] = seen.hottestBlocks;
    if (hottest !== undefined) {
      lines.push(`      hottest block ${hottest.block}: ${formatCount(hottest.conflicts)} retries`);
    }
  }
  for (const { reason, count } of failures.slice(0, FAILURES_MAX)) {
    lines.push(`      ${formatCount(count)} × ${reason}`);
  }
  if (each.driverLagNs !== null) {
    const { p50, p99 } = each.driverLagNs;
    lines.push(
      `      driver: idle threads began ${formatDurationNs(p50)} late at p50, ` +
        `${formatDurationNs(p99)} at p99`,
    );
  }
  lines.push(
    `      processor ${formatSignificant(each.cpuCores)} cores busy, ` +
      `${formatCount(operations.borrowed)} addresses borrowed, ${formatCount(each.final.blocks)} blocks at the end`,
  );
  return lines;
}

/** Failed compare-and-swaps, or acquisitions that had to wait, in a thousand operations. */
function conflictsInThousand({ contention: seen, operations }: LoadedAllocator): number {
  const done = operations.assigned + operations.failed + operations.released;
  return ((seen.lock?.contended ?? seen.conflicts) * 1000) / Math.max(1, done);
}

/** Operations a second over the time of the run, for each allocator; several runs do not fit here. */
function throughput({ runs }: LoadResult, width: number): string[] {
  const [run, ...others] = runs;
  if (run === undefined || others.length > 0) return [];
  return run.allocators.flatMap(({ allocator, throughput: series }) => {
    const end = series.at(-1)?.timeSeconds;
    if (end === undefined || series.length < 2) return [];
    const values = series.map(({ operationsPerSecond }) => Math.round(operationsPerSecond));
    const columns = Math.max(20, Math.min(60, width - 14));
    const title = `${allocator}, operations/s over ${formatSignificant(end)} s`;
    return [title, ...textPlot(values, columns, PLOT_HEIGHT), ""];
  });
}

/** How a filling pool and more threads change the latency and the conflicts, for each allocator. */
function byOccupancy({ runs }: LoadResult, color: boolean): string[] {
  const threads = [...new Set(runs.map((run) => run.threads))];
  const occupancies = [...new Set(runs.map(({ occupancy }) => occupancy))];
  const allocators = [...new Set(runs.flatMap((run) => run.allocators.map((a) => a.allocator)))];
  const columns = [
    { title: "allocator" },
    { title: "pool used", align: "right" as const },
    ...threads.map((count) => ({
      title: threadsText(count),
      align: "right" as const,
    })),
  ];
  const rows = allocators.flatMap((name) =>
    occupancies.map((occupancy) => [
      name,
      formatPercent(occupancy ?? 0, 0),
      ...threads.map((count) => {
        const run = runs.find((each) => each.threads === count && each.occupancy === occupancy);
        const found = run?.allocators.find(({ allocator }) => allocator === name);
        if (found === undefined || found.assignNs === null) return "";
        return `${formatDurationNs(found.assignNs.p99)}, ${formatSignificant(conflictsInThousand(found))}`;
      }),
    ]),
  );
  return [
    "p99 of the service time, and conflicts in 1,000 operations, by use of the pool and threads",
    formatTable(columns, rows, { color }).trimEnd(),
    "",
  ];
}

function searches({ searches: found }: LoadResult): string[] {
  return found.flatMap(({ threads, allocator, threshold, podsPerSecond, steps }) => [
    `  ${allocator}, ${threadsText(threads)}: ` +
      (podsPerSecond === null
        ? `no rate was found that keeps ${threshold}`
        : `${formatSignificant(podsPerSecond)} pods/s keep ${threshold}`),
    ...steps.map(
      ({ podsPerSecond: rate, passed, valueNs, notStarted }) =>
        `      ${passed ? "held  " : "failed"} at ${formatSignificant(rate).padStart(9)}/s: ` +
        (duration(valueNs ?? undefined) || "nothing measured") +
        (notStarted > 0 ? `, ${formatCount(notStarted)} not started` : ""),
    ),
  ]);
}

/** The summary of a load run. */
export function loadText(
  result: LoadResult,
  style: { readonly color: boolean; readonly width: number },
): string {
  const isOpenLoop = result.settings.mode === "open loop";
  const lines = [...heading(result, style.width), ""];
  if (result.runs.length > 0) {
    if (isOpenLoop) {
      lines.push(
        "latency from the intended start",
        tableOf(result, (each) => each.fromIntendedNs, style.color),
        "",
      );
    }
    lines.push(
      "service time of an assignment",
      tableOf(result, (each) => each.assignNs, style.color),
      "",
    );
    lines.push(...throughput(result, style.width));
    if (new Set(result.runs.map(({ pods }) => pods)).size > 1) {
      lines.push(...byOccupancy(result, style.color));
    }
    for (const { ratio, threads, pods } of result.runs) {
      if (ratio === null) continue;
      const where = `${threadsText(threads)}${pods === null ? "" : `, ${formatCount(pods)} pods`}`;
      const tail = ratio.p99 === null ? "" : `, its p99 ${formatSignificant(ratio.p99)} ×`;
      lines.push(
        `lock-reduced does ${formatSignificant(ratio.throughput)} × the operations of coarse-lock` +
          `${tail} (${where})`,
      );
    }
    lines.push("", "contention");
    for (const { threads, pods, allocators } of result.runs) {
      for (const each of allocators) lines.push(...contention(threads, pods, each));
    }
  }
  if (result.searches.length > 0) lines.push("highest rate", ...searches(result));
  lines.push("");
  for (const warning of result.warnings) {
    lines.push(...wrapped("WARNING", warning, style.width));
  }
  lines.push(...wrapped("figures", result.provenance, style.width));
  return `${lines.join("\n")}\n`;
}
