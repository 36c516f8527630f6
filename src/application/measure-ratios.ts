/** Processor time of this process so far, microseconds; wall time tells of the neighbours too. */
export type ProcessorClock = () => number;

/** Work that is measured. */
export type Work = () => void | Promise<void>;

const CALIBRATION_ROUNDS = 12;
const CALIBRATION_KEYS = 4096;

/** Where the loop's outcome goes, or the compiler could leave the loop out. */
const kept = new Float64Array(1);

/**
 * Fixed work of the kind that the simulation does: texts as keys of maps, small objects, numbers in
 * arrays. What slows the machine slows this too, so that their ratio stays.
 */
function calibrationLoop(): void {
  let sum = 0;
  for (let round = 0; round < CALIBRATION_ROUNDS; round++) {
    const byName = new Map<string, { readonly ordinal: number; next: number }>();
    const ordinals = new Uint32Array(CALIBRATION_KEYS);
    for (let i = 0; i < CALIBRATION_KEYS; i++) {
      const key = Math.imul(i + round, 0x9e3779b1) >>> 0;
      byName.set(`node-${key % CALIBRATION_KEYS}/pod-${i}`, { ordinal: key, next: i });
      ordinals[key % CALIBRATION_KEYS]!++;
    }
    for (const entry of byName.values()) {
      entry.next = ordinals[entry.ordinal % CALIBRATION_KEYS]!;
      sum += entry.next;
    }
  }
  kept[0] = sum;
}

async function timeUs(work: Work, clock: ProcessorClock): Promise<number> {
  const before = clock();
  await work();
  return clock() - before;
}

export interface RatioOptions {
  readonly repetitions: number;
  readonly clock: ProcessorClock;
  /** Called before each repetition; may wait, and throws to end the measurement. */
  readonly onRepetition?: ((done: number) => Promise<void>) | undefined;
}

/**
 * Measures work in processor time of the calibration loop: each repetition runs loop, work, loop, and
 * gives the ratio of the work to the mean of the two. The first repetition warms up and is dropped.
 */
export async function measureRatios(
  work: Work,
  { repetitions, clock, onRepetition }: RatioOptions,
): Promise<number[]> {
  const ratios: number[] = [];
  for (let i = 0; i <= repetitions; i++) {
    await onRepetition?.(i);
    const before = await timeUs(calibrationLoop, clock);
    const spent = await timeUs(work, clock);
    const after = await timeUs(calibrationLoop, clock);
    if (i > 0) ratios.push(spent / ((before + after) / 2));
  }
  return ratios;
}

/** A repetition shorter than this is lost in the clock's and the collector's noise. */
const REPETITION_MIN_US = 60_000;

/** How often the work is to be done in a repetition, at most 1,000 times. */
export async function runsPerRepetition(work: Work, clock: ProcessorClock): Promise<number> {
  await work();
  const spent = Math.max(1, await timeUs(work, clock));
  return Math.max(1, Math.min(1000, Math.ceil(REPETITION_MIN_US / spent)));
}
