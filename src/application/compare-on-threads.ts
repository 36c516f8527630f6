import { compareFigures } from "../analysis/comparison/compare-figures.js";
import { headline } from "../analysis/comparison/headline.js";
import { loadFigures } from "../analysis/comparison/load-figures.js";
import { Unsupported } from "../failure/failure.js";
import type { MeasuredComparison } from "../formats/result/comparison-result.js";
import type { LoadResult } from "../formats/result/load-result.js";
import type { Scenario } from "../formats/scenario/scenario.js";
import { type AllocatorName, ALLOCATORS } from "../load/thread-job.js";
import { addressesOf, loadAllocators, type LoadSettings } from "./load-allocators.js";

export interface ThreadSettings extends Pick<LoadSettings, "createCrew"> {
  readonly threadCount: number;
  /** How long each allocator is measured in each pair. */
  readonly durationMs: number;
}

export interface CompareOnThreadsOptions
  extends ThreadSettings,
    Pick<LoadSettings, "version" | "signal" | "onProgress"> {
  /** Names of the two releases. */
  readonly a: string;
  readonly b: string;
  readonly pairs: number;
  /** Most pods of the scenario at a time. */
  readonly podsPeak: number;
  readonly bootstrap: {
    readonly resamples: number;
    readonly stream: (name: string) => () => number;
  };
}

/** The releases that the allocators stand for. Calico's own code has no such difference. */
export const RELEASE_OF: Readonly<Record<AllocatorName, string>> = {
  "coarse-lock": "pre-3.28.4",
  "lock-reduced": "post-3.28.4",
};

const WARM_UP_MS = 100;

/**
 * The allocators that model two releases.
 *
 * @throws Unsupported for all but pre-3.28.4 and post-3.28.4, in either order.
 */
export function threadAllocators(a: string, b: string): [AllocatorName, AllocatorName] {
  const allocatorOf = (release: string) => ALLOCATORS.find((name) => RELEASE_OF[name] === release);
  const [first, second] = [allocatorOf(a), allocatorOf(b)];
  if (first !== undefined && second !== undefined && first !== second) return [first, second];
  throw new Unsupported(
    `--threads with ${a} and ${b}: the allocators that threads drive model pre-3.28.4 and ` +
      "post-3.28.4, as a write-up tells of them, and no release of Calico's code",
  );
}

function describe(
  load: LoadResult,
  run: LoadResult["runs"][number],
  allocators: readonly [AllocatorName, AllocatorName],
  { a, b, bootstrap }: CompareOnThreadsOptions,
): MeasuredComparison {
  const [first, second] = allocators.map((name) =>
    run.allocators.find(({ allocator }) => allocator === name),
  );
  const { lock } = [first, second].find((side) => side?.contention.lock != null)?.contention ?? {};
  const figures = compareFigures(
    first === undefined ? [] : loadFigures(first),
    second === undefined ? [] : loadFigures(second),
    { ...bootstrap, isExact: false },
  );
  return {
    provenance: load.provenance,
    machine: load.machine,
    workload: load.settings.workload,
    threads: run.threads,
    pairs: Math.min(first?.samples.length ?? 0, second?.samples.length ?? 0),
    secondsPerRun: load.settings.secondsPerRun ?? 0,
    a: { release: a, allocator: allocators[0] },
    b: { release: b, allocator: allocators[1] },
    verdict: headline(figures),
    figures,
    lockTaken:
      lock === undefined || lock === null || lock.acquisitions === 0
        ? null
        : lock.contended / lock.acquisitions,
    warnings: load.warnings,
  };
}

/**
 * Measures the coarse lock against compare-and-swap on real threads, on the scenario's pools, nodes and
 * number of pods: repetition by repetition in turn, so that what the machine does besides falls on
 * both alike.
 *
 * @throws Unsupported for releases and pools that the allocators do not model.
 */
export async function compareOnThreads(
  scenario: Scenario,
  options: CompareOnThreadsOptions,
): Promise<MeasuredComparison> {
  const allocators = threadAllocators(options.a, options.b);
  const { threadCount, durationMs, pairs, podsPeak } = options;
  const { pools, nodes, reservations, ipamConfig: config } = scenario;
  const pods = Math.max(1, Math.min(podsPeak, addressesOf(pools)));
  const load = await loadAllocators({
    version: options.version,
    world: { pools, nodes, reservations, config },
    workload: { kind: "churn", podRate: null, pods: [pods], warmUpMs: WARM_UP_MS, durationMs },
    workloadText: `${pods} pods on ${nodes.length} nodes, each replaced by a new one at once`,
    allocators,
    threads: [threadCount],
    repetitions: pairs,
    seed: scenario.seed,
    createCrew: options.createCrew,
    signal: options.signal,
    onProgress: options.onProgress,
  });
  return describe(load, load.runs[0]!, allocators, options);
}
