import { RETRY_PLACES, Statistic } from "../allocator/thread-statistics.js";
import { STATISTICS_LENGTH } from "../allocator/layout.js";
import { LatencyHistogram } from "../metrics/latency-histogram.js";
import { Counter, SLICES_MAX, TIMED, type ThreadMeasures, type Timed } from "./thread-board.js";

/** Blocks that are told as the hottest. */
const HOTTEST_MAX = 5;

export interface HotBlock {
  readonly block: string;
  readonly conflicts: number;
}

/** What the threads of one or of several runs measured, added up. */
export class RunMeasures {
  assigned = 0;
  assignFailed = 0;
  released = 0;
  notStarted = 0;
  skipped = 0;
  /** Pods with an address at the end of the last run. */
  population = 0;
  /** Of all runs. */
  measuredNs = 0;
  /** Processor time of the whole process while it measured, microseconds; of all runs. */
  cpuUs = 0;
  /** Blocks that exist at the end of the last run. */
  blocks = 0;
  readonly histograms: Readonly<Record<Timed, LatencyHistogram>>;
  /** See `Statistic`; of the measured time. */
  readonly statistics = new Float64Array(STATISTICS_LENGTH);
  /** Operations by stretch of time, of `sliceNs` each, of all runs. */
  readonly slices = new Float64Array(SLICES_MAX);
  readonly #conflicts = new Map<string, number>();

  constructor(readonly sliceNs: number) {
    const histograms = TIMED.map((name) => [name, new LatencyHistogram()] as const);
    this.histograms = Object.fromEntries(histograms) as Record<Timed, LatencyHistogram>;
  }

  get operations(): number {
    return this.assigned + this.assignFailed + this.released;
  }

  get perSecond(): number {
    return this.measuredNs === 0 ? 0 : this.operations / (this.measuredNs / 1e9);
  }

  /** Service times of assignments and releases. */
  serviceTimes(): LatencyHistogram {
    const both = new LatencyHistogram();
    both.add(this.histograms.assign);
    both.add(this.histograms.release);
    return both;
  }

  /** Adds what the threads of one run measured. `statistics` are theirs at the end, in order. */
  addRun(threads: readonly ThreadMeasures[], statistics: readonly Float64Array[]): void {
    let measuredNs = 0;
    this.population = 0;
    for (const [i, { counters, histograms, slices, statisticsBefore }] of threads.entries()) {
      this.assigned += counters[Counter.assigned]!;
      this.assignFailed += counters[Counter.assignFailed]!;
      this.released += counters[Counter.released]!;
      this.notStarted += counters[Counter.notStarted]!;
      this.skipped += counters[Counter.skipped]!;
      this.population += counters[Counter.population]!;
      measuredNs = Math.max(measuredNs, counters[Counter.measuredNs]!);
      for (const name of TIMED) this.histograms[name].add(histograms[name]);
      for (let s = 0; s < SLICES_MAX; s++) this.slices[s]! += slices[s]!;
      for (let s = 0; s < STATISTICS_LENGTH; s++) {
        const value = statistics[i]![s]! - statisticsBefore[s]!;
        const sum = this.statistics[s]!;
        this.statistics[s] = s === Statistic.lockWaitersMax ? Math.max(sum, value) : sum + value;
      }
    }
    this.measuredNs += measuredNs;
  }

  addConflicts(block: string, conflicts: number): void {
    this.#conflicts.set(block, (this.#conflicts.get(block) ?? 0) + conflicts);
  }

  /** Adds the measures of other runs. */
  add(other: RunMeasures): void {
    this.assigned += other.assigned;
    this.assignFailed += other.assignFailed;
    this.released += other.released;
    this.notStarted += other.notStarted;
    this.skipped += other.skipped;
    this.population = other.population;
    this.measuredNs += other.measuredNs;
    this.cpuUs += other.cpuUs;
    this.blocks = other.blocks;
    for (const name of TIMED) this.histograms[name].add(other.histograms[name]);
    for (let s = 0; s < SLICES_MAX; s++) this.slices[s]! += other.slices[s]!;
    for (let s = 0; s < STATISTICS_LENGTH; s++) {
      const value = other.statistics[s]!;
      const sum = this.statistics[s]!;
      this.statistics[s] = s === Statistic.lockWaitersMax ? Math.max(sum, value) : sum + value;
    }
    for (const [block, conflicts] of other.#conflicts) this.addConflicts(block, conflicts);
  }

  /** Compare-and-swaps that failed. */
  get conflicts(): number {
    return [...this.#conflicts.values()].reduce((sum, conflicts) => sum + conflicts, 0);
  }

  /** Blocks with most failed compare-and-swaps, most first. */
  hottestBlocks(): HotBlock[] {
    const all = [...this.#conflicts].map(([block, conflicts]) => ({ block, conflicts }));
    all.sort((a, b) => b.conflicts - a.conflicts || (a.block < b.block ? -1 : 1));
    return all.slice(0, HOTTEST_MAX);
  }

  /** Operations by failed compare-and-swaps; the last stands for all from there on. */
  operationsByRetries(): number[] {
    const from = Statistic.operationsByRetries;
    const places = [...this.statistics.subarray(from, from + RETRY_PLACES)];
    const retried = places.reduce((sum, count) => sum + count, 0);
    places[0] = Math.max(0, this.operations - retried);
    while (places.length > 1 && places.at(-1) === 0) places.pop();
    return places;
  }
}
