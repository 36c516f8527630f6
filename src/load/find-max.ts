import type { LatencyHistogram } from "../metrics/latency-histogram.js";
import type { ChurnPlan, LoadPlan } from "./load-plan.js";
import { runOnce } from "./run-once.js";
import type { RunMeasures } from "./run-measures.js";
import type { Crew } from "./thread-crew.js";
import type { AllocatorName } from "./thread-job.js";

/** What the latency from the intended start has to keep. */
export interface LatencyBound {
  /** As it was written. */
  readonly text: string;
  readonly boundNs: number;
  readonly isInclusive: boolean;
  measure(latency: LatencyHistogram): number | null;
}

/** One rate that was tried. */
export interface SearchStep {
  readonly podsPerSecond: number;
  readonly passed: boolean;
  readonly valueNs: number | null;
  readonly measures: RunMeasures;
}

export interface Search {
  /** Highest rate that held; null when none did. */
  readonly podsPerSecond: number | null;
  readonly steps: readonly SearchStep[];
}

export interface SearchOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: ((podsPerSecond: number) => void) | undefined;
}

/** The search ends when the rates that held and that failed are this close. */
const CLOSE_ENOUGH = 1.05;
const STEPS_MAX = 16;
/** The first rate tried, of what the threads do flat out; the latencies need some room. */
const FIRST_SHARE = 0.5;
/** A rate that fails at the start is followed by one lower by this. */
const SHRINK = 4;

function withRate(plan: LoadPlan, churn: ChurnPlan, podRate: number | null): LoadPlan {
  return { ...plan, workload: { ...churn, podRate } };
}

/**
 * Searches the highest rate of pods that keeps a bound on the latency and starts every operation.
 * The rate that the threads reach flat out bounds it from above; between a rate that held and one
 * that failed the middle (of the ratio) is tried, down to five percent. One run decides on a rate, so
 * a disturbance of the machine may cost a step; every step is told.
 */
export async function findMaxRate(
  plan: LoadPlan,
  churn: ChurnPlan,
  allocator: AllocatorName,
  crew: Crew,
  bound: LatencyBound,
  { signal, onStep }: SearchOptions = {},
): Promise<Search> {
  const flatOut = await runOnce(withRate(plan, churn, null), allocator, crew, { signal });
  // A pod is an assignment and a release.
  let failed = flatOut.perSecond / 2;
  let held: number | null = null;
  const steps: SearchStep[] = [];
  const isStopped = () => signal?.aborted === true;
  let next = failed * FIRST_SHARE;
  while (next >= 1 && steps.length < STEPS_MAX && !isStopped()) {
    onStep?.(next);
    const measures = await runOnce(withRate(plan, churn, next), allocator, crew, { signal });
    if (isStopped()) break;
    const valueNs = bound.measure(measures.histograms.fromIntended);
    const isKept =
      valueNs !== null && (bound.isInclusive ? valueNs <= bound.boundNs : valueNs < bound.boundNs);
    const passed = isKept && measures.notStarted === 0;
    steps.push({ podsPerSecond: next, passed, valueNs, measures });
    if (passed) held = next;
    else failed = next;
    if (held !== null && failed / held < CLOSE_ENOUGH) break;
    next = held === null ? failed / SHRINK : Math.sqrt(held * failed);
  }
  return { podsPerSecond: held, steps };
}
