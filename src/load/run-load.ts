import type { LoadPlan } from "./load-plan.js";
import { RunMeasures } from "./run-measures.js";
import { runOnce } from "./run-once.js";
import type { Crew } from "./thread-crew.js";
import type { AllocatorName } from "./thread-job.js";

/** One allocator's repetitions, in order, and all of them added up. */
export interface AllocatorRuns {
  readonly allocator: AllocatorName;
  readonly repetitions: readonly RunMeasures[];
  readonly total: RunMeasures;
}

export interface LoadOptions {
  readonly allocators: readonly AllocatorName[];
  readonly repetitions: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
}

export interface LoadProgress {
  readonly allocator: AllocatorName;
  /** From 1. */
  readonly repetition: number;
  readonly soFar: RunMeasures;
}

/**
 * Runs the allocators one after the other, again and again: A B, B A, A B, … so that what the machine
 * does besides falls on all alike. Stopped by the signal, it returns what was measured.
 *
 * @throws InvariantViolation when an allocator contradicts itself; EnvironmentError when a thread died.
 */
export async function runLoad(
  plan: LoadPlan,
  crew: Crew,
  { allocators, repetitions, signal, onProgress }: LoadOptions,
): Promise<AllocatorRuns[]> {
  const runs = new Map(allocators.map((name) => [name, [] as RunMeasures[]]));
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    const order = repetition % 2 === 1 ? allocators : allocators.toReversed();
    for (const allocator of order) {
      if (signal?.aborted === true) break;
      const report = (soFar: RunMeasures) => onProgress?.({ allocator, repetition, soFar });
      const measures = await runOnce(plan, allocator, crew, { signal, onProgress: report });
      if (measures.operations > 0) runs.get(allocator)!.push(measures);
    }
  }
  return allocators.map((allocator) => {
    const own = runs.get(allocator)!;
    const total = new RunMeasures(own[0]?.sliceNs ?? 1);
    for (const measures of own) total.add(measures);
    return { allocator, repetitions: own, total };
  });
}
