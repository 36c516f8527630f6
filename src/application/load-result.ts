import { cpus, loadavg } from "node:os";
import { AssignStatus } from "../allocator/allocator.js";
import { Statistic } from "../allocator/thread-statistics.js";
import type { LoadedAllocator, LoadResult } from "../formats/result/load-result.js";
import type { AllocatorRuns } from "../load/run-load.js";
import type { RunMeasures } from "../load/run-measures.js";
import { usedSlices } from "../load/run-once.js";
import type { AllocatorName } from "../load/thread-job.js";

/** What the figures are, for whoever meets the document alone. */
export const LOAD_PROVENANCE =
  "measured on threads of this machine, on ipamlab's own allocators in shared memory; no datastore, " +
  "network or kubelet is in it. That one coarse lock stands for releases before v3.28.4 and the " +
  "lock-reduced allocator for v3.28.4 rests on a write-up, not on Calico's code, whose history shows " +
  "no such change";

const MODELS: Readonly<Record<AllocatorName, string>> = {
  "coarse-lock": "pre-3.28.4 as a write-up tells it: one lock over the whole read-modify-write",
  "lock-reduced": "post-3.28.4 as a write-up tells it: compare-and-swap on each block",
};

/** Why an assignment failed, in words that reports use. */
const REASONS: Readonly<Record<Exclude<AssignStatus, 0>, string>> = {
  [AssignStatus.noPools]: "no pool selects the node",
  [AssignStatus.blockLimit]: "block limit of the node reached",
  [AssignStatus.noAutoAllocate]: "own blocks full, autoAllocateBlocks off",
  [AssignStatus.strictAffinity]: "no free block, strict affinity",
  [AssignStatus.noAddresses]: "no free address in the node's pools",
  [AssignStatus.retriesExhausted]: "retries exhausted",
};

/** The machine that measures, as it is before the run. */
export function describeMachine(): LoadResult["machine"] {
  const all = cpus();
  return {
    processor: all[0]?.model.trim() ?? "unknown",
    cores: Math.max(1, all.length),
    node: process.version,
    loadAverage: Number(loadavg()[0]!.toFixed(2)),
  };
}

/** What is said when other programs had the machine before the run. */
export function busyWarnings({ loadAverage, cores }: LoadResult["machine"]): string[] {
  if (loadAverage < cores * BUSY_BEFORE) return [];
  return [
    `the load average was ${loadAverage} on ${cores} cores before the run: other programs are ` +
      "running, so look at ratios rather than at figures",
  ];
}

function failuresOf({ statistics }: RunMeasures): LoadedAllocator["failures"] {
  return Object.entries(REASONS)
    .map(([status, reason]) => ({
      reason,
      count: statistics[Statistic.failedByStatus + Number(status)]!,
    }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count);
}

function contentionOf(
  allocator: AllocatorName,
  measures: RunMeasures,
): LoadedAllocator["contention"] {
  const { statistics, histograms } = measures;
  return {
    lock:
      allocator === "coarse-lock"
        ? {
            acquisitions: statistics[Statistic.lockAcquisitions]!,
            contended: statistics[Statistic.lockContended]!,
            mostWaiters: statistics[Statistic.lockWaitersMax]!,
            waitNs: histograms.lockWait.summary(),
            holdNs: histograms.lockHold.summary(),
          }
        : null,
    conflicts: measures.conflicts,
    operationsByRetries: measures.operationsByRetries(),
    hottestBlocks: measures.hottestBlocks(),
    blocksClaimed: statistics[Statistic.claims]!,
    claimsLost: statistics[Statistic.claimsLost]!,
    listRereads: statistics[Statistic.ownListRereads]!,
    nodeLockWaits: statistics[Statistic.nodeLockWaits]!,
    retriesExhausted: statistics[Statistic.retriesExhausted]!,
  };
}

function sampleOf(measures: RunMeasures, i: number): LoadedAllocator["samples"][number] {
  return {
    repetition: i + 1,
    measuredSeconds: measures.measuredNs / 1e9,
    operationsPerSecond: measures.perSecond,
    serviceNs: measures.serviceTimes().summary(),
    fromIntendedNs: measures.histograms.fromIntended.summary(),
    conflicts: measures.conflicts,
    notStarted: measures.notStarted,
  };
}

/** One allocator's part of the document. */
export function describeRuns({ allocator, repetitions, total }: AllocatorRuns): LoadedAllocator {
  const { histograms, statistics, sliceNs } = total;
  const runs = Math.max(1, repetitions.length);
  const throughput = Array.from({ length: usedSlices(total) }, (_, i) => ({
    timeSeconds: (i * sliceNs) / 1e9,
    operationsPerSecond: total.slices[i]! / runs / (sliceNs / 1e9),
  }));
  return {
    allocator,
    models: MODELS[allocator],
    operations: {
      assigned: total.assigned,
      failed: total.assignFailed,
      released: total.released,
      borrowed: statistics[Statistic.borrowed]!,
      notStarted: total.notStarted,
      perSecond: total.perSecond,
    },
    failures: failuresOf(total),
    samples: repetitions.map(sampleOf),
    assignNs: histograms.assign.summary(),
    releaseNs: histograms.release.summary(),
    fromIntendedNs: histograms.fromIntended.summary(),
    driverLagNs: histograms.driverLag.summary(),
    throughput,
    contention: contentionOf(allocator, total),
    cpuSeconds: total.cpuUs / 1e6,
    cpuCores: total.measuredNs === 0 ? 0 : (total.cpuUs * 1e3) / total.measuredNs,
    final: { addresses: total.population, blocks: total.blocks },
  };
}

function p99Of({ fromIntendedNs, assignNs }: LoadedAllocator): number | undefined {
  return (fromIntendedNs ?? assignNs)?.p99;
}

/** Lock-reduced by coarse-lock, when both were run. */
export function ratioOf(
  allocators: readonly LoadedAllocator[],
): LoadResult["runs"][number]["ratio"] {
  const coarse = allocators.find(({ allocator }) => allocator === "coarse-lock");
  const reduced = allocators.find(({ allocator }) => allocator === "lock-reduced");
  if (coarse === undefined || reduced === undefined) return null;
  if (coarse.operations.perSecond === 0) return null;
  const before = p99Of(coarse);
  const after = p99Of(reduced);
  return {
    throughput: reduced.operations.perSecond / coarse.operations.perSecond,
    p99: before === undefined || after === undefined || before === 0 ? null : after / before,
  };
}

/** Load average by cores from which on a machine counts as busy. */
const BUSY_BEFORE = 0.5;

/** A run that got less of its cores was disturbed. */
const BUSY_ENOUGH = 0.8;

/** What makes figures of this run doubtful: too few cores, or a driver that is itself too slow. */
export function warningsOf(
  { threads, pods, allocators }: LoadResult["runs"][number],
  cores: number,
): string[] {
  const warnings: string[] = [];
  const crew = `${threads} thread${threads === 1 ? "" : "s"}`;
  const place = pods === null ? crew : `${crew}, ${pods} pods`;
  if (threads > cores) {
    warnings.push(
      `${crew} on ${cores} cores: latencies contain waiting for a core, and a thread may ` +
        "lose its core while it holds the lock",
    );
  }
  for (const { allocator, driverLagNs, fromIntendedNs, operations, cpuCores } of allocators) {
    const isFlatOut = fromIntendedNs === null;
    const wanted = Math.min(threads, cores);
    const isDisturbed = cpuCores < wanted * BUSY_ENOUGH && allocator === "lock-reduced";
    const got = `${cpuCores.toFixed(2)} of ${wanted} cores`;
    if (isFlatOut && isDisturbed) {
      warnings.push(
        `${place}: the threads got ${got}: other programs are running, so look at ratios rather ` +
          "than at figures",
      );
    }
    if (
      driverLagNs !== null &&
      fromIntendedNs !== null &&
      driverLagNs.p99 * 2 > fromIntendedNs.p99
    ) {
      warnings.push(
        `${allocator}, ${place}: the driver is the limit: idle threads began operations ` +
          `late, ${(driverLagNs.p99 / 1000).toFixed(1)} us at p99, at least half of the latency ` +
          "from intended start",
      );
    }
    if (operations.notStarted > 0) {
      // Who is late does not wait, so these threads wanted all of their cores.
      const why = isDisturbed
        ? `the driver is the limit: its threads got ${got}`
        : "the rate is more than it can do";
      warnings.push(
        `${allocator}, ${place}: ${operations.notStarted} operations had not started at the end: ${why}`,
      );
    }
  }
  return warnings;
}
