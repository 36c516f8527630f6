import type { LoadResult } from "../formats/result/load-result.js";
import { LOAD_RESULT_VERSION } from "../formats/result/load-result.js";
import type { IpamConfig } from "../model/ipam-config.js";
import type { Node } from "../model/node.js";
import type { UsablePool } from "../model/pool.js";
import type { Reservation } from "../model/reservation.js";
import type { LatencyHistogram } from "../metrics/latency-histogram.js";
import { findMaxRate, type LatencyBound } from "../load/find-max.js";
import type { ChurnPlan, LoadPlan, SchedulePlan } from "../load/load-plan.js";
import { isOpenLoop, measuredMsOf } from "../load/load-plan.js";
import { type LoadProgress, runLoad } from "../load/run-load.js";
import type { RunMeasures } from "../load/run-measures.js";
import type { Crew } from "../load/thread-crew.js";
import { type AllocatorName, ALLOCATORS } from "../load/thread-job.js";
import { RandomStreams } from "../simulation/random-streams.js";
import {
  busyWarnings,
  describeMachine,
  describeRuns,
  LOAD_PROVENANCE,
  ratioOf,
  warningsOf,
} from "./load-result.js";

/** What the allocators work on. */
export interface LoadWorld {
  readonly pools: readonly UsablePool[];
  readonly nodes: readonly Node[];
  readonly reservations: readonly Reservation[];
  readonly config: IpamConfig;
}

/** Pods that come and go; see `ChurnPlan`. */
export interface ChurnWorkload {
  readonly kind: "churn";
  readonly podRate: number | null;
  /** Numbers of pods to run with, one after the other. */
  readonly pods: readonly number[];
  readonly warmUpMs: number;
  readonly durationMs: number;
}

export interface LoadSettings {
  /** Version of ipamlab, for the result document. */
  readonly version: string;
  readonly world: LoadWorld;
  readonly workload: ChurnWorkload | SchedulePlan;
  /** The workload in words. */
  readonly workloadText: string;
  readonly allocators?: readonly AllocatorName[] | undefined;
  /** Numbers of threads to run with, one after the other. */
  readonly threads: readonly number[];
  readonly repetitions: number;
  /** From which the operations of every thread are drawn. */
  readonly seed: string;
  /** Searches the highest rate that keeps this, instead of running at one rate. */
  readonly findMax?: LatencyBound | undefined;
  /** Makes the threads. */
  createCrew(threadCount: number): Crew;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  /** Is told of every rate that a search tries. */
  readonly onSearch?: ((allocator: AllocatorName, podsPerSecond: number) => void) | undefined;
  /** Is given every histogram that was measured, under its name. */
  readonly onHistogram?: ((name: string, histogram: LatencyHistogram) => void) | undefined;
}

/** Draws of a thread: used in turn, so there are enough that no pattern shows. */
const DRAWS = 2 ** 16;

function drawsFrom(random: () => number): Int32Array {
  return Int32Array.from({ length: DRAWS }, () => Math.floor(random() * 2 ** 31));
}

/** Addresses of the pools that assign. */
export function addressesOf(pools: readonly UsablePool[]): number {
  return pools
    .filter(({ disabled, cidr }) => !disabled && cidr.version === 4)
    .reduce((sum, { cidr }) => sum + cidr.size, 0);
}

function planOf(
  settings: LoadSettings,
  threadCount: number,
  cores: number,
  pods: number | null,
): LoadPlan {
  const { workload, world, seed } = settings;
  const random = new RandomStreams(seed);
  const churn = (from: ChurnWorkload): ChurnPlan => ({
    ...from,
    pods: pods ?? 0,
    drawsOf: (thread) => drawsFrom(random.stream(`load/thread-${thread}`)),
  });
  return {
    world: { version: 4, ...world },
    threadCount,
    // A thread that spins while another wants its core does harm.
    isSpinning: threadCount <= cores,
    workload: workload.kind === "churn" ? churn(workload) : workload,
  };
}

type Runs = LoadResult["runs"];
type Searches = LoadResult["searches"];

/** What a document gathers as the runs go on. */
interface Gathered {
  readonly runs: Runs;
  readonly searches: Searches;
  readonly warnings: string[];
}

function tellHistograms(settings: LoadSettings, name: string, { histograms }: RunMeasures): void {
  for (const [timed, histogram] of Object.entries(histograms)) {
    settings.onHistogram?.(`${name}-${timed}`, histogram);
  }
}

async function runAll(
  settings: LoadSettings,
  plan: LoadPlan,
  crew: Crew,
  pods: number | null,
  { cores, addresses }: { readonly cores: number; readonly addresses: number },
  gathered: Gathered,
): Promise<void> {
  const { threadCount } = plan;
  const allocators = settings.allocators ?? ALLOCATORS;
  const measured = await runLoad(plan, crew, { ...settings, allocators });
  const described = measured.filter(({ repetitions }) => repetitions.length > 0).map(describeRuns);
  const name = pods === null ? `${threadCount}-threads` : `${threadCount}-threads-${pods}-pods`;
  for (const { allocator, total } of measured) {
    tellHistograms(settings, `${allocator}-${name}`, total);
  }
  const run: Runs[number] = {
    threads: threadCount,
    pods,
    occupancy: pods === null ? null : pods / addresses,
    podsPerSecond: settings.workload.kind === "churn" ? settings.workload.podRate : null,
    allocators: described,
    ratio: ratioOf(described),
  };
  gathered.runs.push(run);
  gathered.warnings.push(...warningsOf(run, cores));
}

async function searchAll(
  settings: LoadSettings,
  plan: LoadPlan,
  crew: Crew,
  bound: LatencyBound,
  { searches, warnings }: Gathered,
): Promise<void> {
  if (plan.workload.kind !== "churn") return;
  for (const allocator of settings.allocators ?? ALLOCATORS) {
    if (settings.signal?.aborted === true) return;
    const { podsPerSecond, steps } = await findMaxRate(
      plan,
      plan.workload,
      allocator,
      crew,
      bound,
      { signal: settings.signal, onStep: (rate) => settings.onSearch?.(allocator, rate) },
    );
    const described = steps.map(({ measures, ...step }) => ({
      ...step,
      notStarted: measures.notStarted,
      driverLagP99Ns: measures.histograms.driverLag.summary()?.p99 ?? null,
      conflicts: measures.conflicts,
    }));
    const { threadCount: threads } = plan;
    const held = steps.findLast(({ passed }) => passed);
    if (held !== undefined) {
      const name = `${allocator}-${threads}-threads-highest-rate`;
      tellHistograms(settings, name, held.measures);
    }
    searches.push({ threads, allocator, threshold: bound.text, podsPerSecond, steps: described });
    const last = described.findLast(({ passed }) => !passed);
    const lag = last?.driverLagP99Ns ?? 0;
    if (last !== undefined && last.valueNs !== null && lag * 2 > last.valueNs) {
      warnings.push(
        `${allocator}, ${threads} threads: the driver is the limit: where the threshold failed, ` +
          `idle threads began operations ${(lag / 1000).toFixed(1)} us late at p99`,
      );
    }
  }
}

/**
 * Drives both allocators (or one) by threads of this machine, and returns what was measured. For
 * each number of threads and of pods the allocators take turns, repetition by repetition.
 *
 * Stopped by the signal, it returns what was measured until then.
 *
 * @throws Unsupported for pools that the allocators do not hold; InvariantViolation when an allocator
 *   contradicts itself; EnvironmentError when a thread died.
 */
export async function loadAllocators(settings: LoadSettings): Promise<LoadResult> {
  const { workload, world, threads, repetitions, signal } = settings;
  const machine = describeMachine();
  const addresses = addressesOf(world.pools);
  const gathered: Gathered = { runs: [], searches: [], warnings: busyWarnings(machine) };
  const first = planOf(settings, threads[0]!, machine.cores, 0);
  for (const threadCount of threads) {
    const crew = settings.createCrew(threadCount);
    try {
      for (const pods of workload.kind === "churn" ? workload.pods : [null]) {
        if (signal?.aborted === true) break;
        const plan = planOf(settings, threadCount, machine.cores, pods);
        const place = { cores: machine.cores, addresses };
        if (settings.findMax === undefined) {
          await runAll(settings, plan, crew, pods, place, gathered);
        } else {
          await searchAll(settings, plan, crew, settings.findMax, gathered);
        }
      }
    } finally {
      await crew.close();
    }
  }
  const measuredMs = measuredMsOf(first);
  return {
    ipamlab: { document: "load", documentVersion: LOAD_RESULT_VERSION, version: settings.version },
    provenance: LOAD_PROVENANCE,
    completed: signal?.aborted !== true,
    machine,
    settings: {
      target: "memory",
      mode: isOpenLoop(first) || settings.findMax !== undefined ? "open loop" : "flat out",
      workload: settings.workloadText,
      seed: settings.seed,
      nodes: world.nodes.length,
      pools: world.pools.map(({ cidr, blockSize }) => ({ cidr: cidr.text, blockSize })),
      addresses,
      repetitions,
      warmUpSeconds: workload.kind === "churn" ? workload.warmUpMs / 1000 : 0,
      secondsPerRun: measuredMs === null ? null : measuredMs / 1000,
    },
    runs: gathered.runs,
    searches: gathered.searches,
    warnings: [...new Set(gathered.warnings)],
  };
}
