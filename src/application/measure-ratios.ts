import { median } from "../analysis/statistics/sample.js";

/** Processor time of this process so far, microseconds; wall time tells of the neighbours too. */
export type ProcessorClock = () => number;

/** Work that is measured. */
export type Work = () => void | Promise<void>;

const MAP_ROUNDS = 3;
const MAP_KEYS = 4096;
const WORD_ROUNDS = 26;
const WORDS = new Uint32Array(2 ** 14);

/** Where the loop's outcome goes, or the compiler could leave the loop out. */
const kept = new Float64Array(1);

/** Texts as keys of maps, small objects, numbers in arrays. */
function fillMaps(): number {
  let sum = 0;
  for (let round = 0; round < MAP_ROUNDS; round++) {
    const byName = new Map<string, { readonly ordinal: number; next: number }>();
    const ordinals = new Uint32Array(MAP_KEYS);
    for (let i = 0; i < MAP_KEYS; i++) {
      const key = Math.imul(i + round, 0x9e3779b1) >>> 0;
      byName.set(`node-${key % MAP_KEYS}/pod-${i}`, { ordinal: key, next: i });
      ordinals[key % MAP_KEYS]!++;
    }
    for (const entry of byName.values()) {
      entry.next = ordinals[entry.ordinal % MAP_KEYS]!;
      sum += entry.next;
    }
  }
  return sum;
}

/** Branches and arithmetic over numbers that stay in the core's own cache. */
function mixWords(): number {
  let hash = 1;
  for (let round = 0; round < WORD_ROUNDS; round++) {
    for (let i = 0; i < WORDS.length; i++) {
      hash = Math.imul(hash ^ WORDS[i]!, 0x85ebca6b);
      hash ^= hash >>> 13;
      if (hash & 1) WORDS[(hash >>> 3) % WORDS.length] = hash;
      else WORDS[i]! += hash & 7;
    }
  }
  return hash;
}

/**
 * Fixed work that a machine's moods slow as much as the simulation. A neighbour on the same core slows
 * what waits for memory more than the simulation, and what only computes less; so this does both, for
 * about as long.
 */
function calibrationLoop(): void {
  WORDS.fill(0);
  kept[0] = fillMaps() + mixWords();
}

async function timeUs(work: Work, times: number, clock: ProcessorClock): Promise<number> {
  const before = clock();
  for (let i = 0; i < times; i++) await work();
  return clock() - before;
}

/** How a repetition is cut: moods last longer than a slice, so both sides of its ratio meet the same. */
interface Slicing {
  readonly loops: number;
  readonly runs: number;
  readonly slices: number;
}

/** Until then the compiler still makes the work faster from second to second. */
const WARM_UP_US = 3_000_000;
const REPETITION_US = 200_000;
const RUNS_MAX = 1000;
/** Calibration takes no less than this share of the work's time. */
const LOOP_SHARE = 0.25;

/** Warms up, and cuts repetitions so that a slice is short but neither side of it is lost in the clock. */
async function warmUp(work: Work, loop: Work, clock: ProcessorClock): Promise<Slicing> {
  let loopUs = Infinity;
  let runUs = Infinity;
  const start = clock();
  do {
    loopUs = Math.min(loopUs, Math.max(1, await timeUs(loop, 1, clock)));
    runUs = Math.min(runUs, Math.max(1, await timeUs(work, 1, clock)));
  } while (clock() - start < WARM_UP_US);
  const runs = Math.min(RUNS_MAX, Math.ceil(loopUs / runUs));
  const loops = Math.ceil((LOOP_SHARE * runs * runUs) / loopUs);
  const slices = Math.max(1, Math.round(REPETITION_US / (runs * runUs + loops * loopUs)));
  return { loops, runs, slices };
}

export interface RatioOptions {
  readonly repetitions: number;
  readonly clock: ProcessorClock;
  /** What the work is measured by; the calibration loop when absent. */
  readonly loop?: Work | undefined;
  /** Called before the warm-up (with 0) and each repetition; may wait, and throws to end the measurement. */
  readonly onRepetition?: ((repetition: number) => Promise<void>) | undefined;
}

/**
 * Measures work in processor time of the calibration loop. Each repetition alternates loop and work in
 * slices, and gives the median of the ratios of one run of the work to one of the loop, before and after.
 */
export async function measureRatios(
  work: Work,
  { repetitions, clock, loop = calibrationLoop, onRepetition }: RatioOptions,
): Promise<number[]> {
  await onRepetition?.(0);
  const { loops, runs, slices } = await warmUp(work, loop, clock);
  const ratios: number[] = [];
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    await onRepetition?.(repetition);
    let before = await timeUs(loop, loops, clock);
    const ofSlices: number[] = [];
    for (let i = 0; i < slices; i++) {
      const spent = await timeUs(work, runs, clock);
      const after = await timeUs(loop, loops, clock);
      ofSlices.push(spent / runs / ((before + after) / 2 / loops));
      before = after;
    }
    ratios.push(median(ofSlices));
  }
  return ratios;
}
