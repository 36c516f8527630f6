import { median } from "../analysis/statistics/sample.js";
import { calibrationLoop } from "./calibration-loop.js";

/** Processor time so far, microseconds. */
export type ProcessorClock = () => number;

/** Work that is measured. */
export type Work = () => void | Promise<void>;

/** Processor time of this process; wall time would tell of the neighbours too. */
export function processorTimeUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** What is timed in one turn: some times in a row, of one or more performances each. */
interface Turn {
  /** Performances before the first time; they fill the caches again and take up to a quarter longer. */
  readonly lead: number;
  readonly times: number;
  readonly performances: number;
}

/** Times of single performances, microseconds. */
async function timeTurn(
  work: Work,
  { lead, times, performances }: Turn,
  clock: ProcessorClock,
): Promise<number[]> {
  for (let i = 0; i < lead; i++) await work();
  const spent: number[] = [];
  let before = clock();
  for (let i = 0; i < times; i++) {
    for (let j = 0; j < performances; j++) await work();
    const after = clock();
    spent.push((after - before) / performances);
    before = after;
  }
  return spent;
}

/**
 * Before that, the compiler still makes the work faster from one tenth of a second to the next. The larger
 * part of the simulator a scenario uses, the longer its runs are and the more of them that takes.
 */
const WARM_UP_US = 2_000_000;
const WARM_UP_RUNS = 150;
const WARM_UP_US_MAX = 8_000_000;
const MEASURED_US = 1_700_000;
const ONCE: Turn = { lead: 0, times: 1, performances: 1 };
/** Times in a turn of the work. A run that is longer than so many loops has turns of its own. */
const TIMES = 5;
const LONG_LOOPS = 10;
/** A time is no shorter than this share of a loop's, or it would be lost in the clock. */
const TIME_SHARE = 1 / 8;
const RUNS_MAX = 1000;
/** The loop's turn has at least so many times, and is no shorter than this share of the work's. */
const LOOPS_MIN = 2;
const LOOP_SHARE = 0.25;

/** Warms up, and cuts the turns of work and loop. */
async function warmUp(work: Work, loop: Work, clock: ProcessorClock): Promise<[Turn, Turn]> {
  let loopUs = Infinity;
  let runUs = Infinity;
  const start = clock();
  let spentUs: number;
  let runs = 0;
  do {
    loopUs = Math.min(loopUs, Math.max(1, ...(await timeTurn(loop, ONCE, clock))));
    runUs = Math.min(runUs, Math.max(1, ...(await timeTurn(work, ONCE, clock))));
    runs++;
    spentUs = clock() - start;
  } while (spentUs < WARM_UP_US || (runs < WARM_UP_RUNS && spentUs < WARM_UP_US_MAX));
  const performances = Math.min(RUNS_MAX, Math.ceil((TIME_SHARE * loopUs) / runUs));
  const ofWork = runUs > LONG_LOOPS * loopUs ? ONCE : { lead: 1, times: TIMES, performances };
  const workUs = ofWork.times * ofWork.performances * runUs;
  const loops = Math.max(LOOPS_MIN, Math.ceil((LOOP_SHARE * workUs) / loopUs));
  return [ofWork, { lead: 1, times: loops, performances: 1 }];
}

export interface RatioOptions {
  readonly clock: ProcessorClock;
  /** What the work is measured by. */
  readonly loop?: Work | undefined;
}

/**
 * Measures work in processor time of the calibration loop. After a warm-up, loop and work take turns that
 * are shorter than the machine's moods, so that both meet the same. Told is the median, over the work's
 * turns, of the ratio of the median run to the median loop of the turns before and after it: what disturbs
 * fewer than half of the turns, or fewer than half of the times of a turn, is left out.
 */
export async function measureRatio(
  work: Work,
  { clock, loop = calibrationLoop }: RatioOptions,
): Promise<number> {
  const [ofWork, ofLoop] = await warmUp(work, loop, clock);
  const ratios: number[] = [];
  const start = clock();
  let before = await timeTurn(loop, ofLoop, clock);
  do {
    const runs = await timeTurn(work, ofWork, clock);
    const after = await timeTurn(loop, ofLoop, clock);
    ratios.push(median(runs) / median([...before, ...after]));
    before = after;
  } while (clock() - start < MEASURED_US);
  return median(ratios);
}
