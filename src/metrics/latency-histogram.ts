/** Values below this have a bucket each; above, buckets grow so that three digits hold. */
const EXACT_BITS = 11;
const EXACT = 2 ** EXACT_BITS;
const HALF = EXACT / 2;
/** The largest value, 2^52 - 1: 52 days in nanoseconds. */
const VALUE_BITS_MAX = 52;
const BUCKETS = EXACT + (VALUE_BITS_MAX - EXACT_BITS) * HALF;

/** What a report tells of a latency distribution; null percentiles never occur, see `summary`. */
export interface LatencySummary {
  readonly count: number;
  readonly mean: number;
  readonly min: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

function bucketOf(value: number): number {
  if (value < EXACT) return value;
  const shift = Math.floor(Math.log2(value)) - EXACT_BITS + 1;
  const scaled = Math.floor(value / 2 ** shift);
  // Rounding in log2 can put a value just below a power of two one step too high.
  if (scaled < HALF) return bucketAt(shift - 1, Math.floor(value / 2 ** (shift - 1)));
  return bucketAt(shift, scaled);
}

function bucketAt(shift: number, scaled: number): number {
  return shift === 0 ? scaled : EXACT + (shift - 1) * HALF + (scaled - HALF);
}

/** The highest value that falls into the bucket. */
function highestIn(bucket: number): number {
  if (bucket < EXACT) return bucket;
  const shift = Math.floor((bucket - EXACT) / HALF) + 1;
  const scaled = HALF + ((bucket - EXACT) % HALF);
  return (scaled + 1) * 2 ** shift - 1;
}

/**
 * Counts latencies (any non-negative integer unit) with three significant digits: a value is told at
 * most 0.1 % too high. Buckets are those of an HDR histogram. Recording makes no object; two
 * histograms are merged by adding their buckets.
 */
export class LatencyHistogram {
  /** Slots that `counts` must have. */
  static readonly slots: number = BUCKETS;

  /** @param counts memory to count in, zero-filled, one float a bucket; may be shared. */
  constructor(readonly counts: Float64Array = new Float64Array(BUCKETS)) {
    if (counts.length !== BUCKETS) {
      throw new RangeError(`expected ${BUCKETS} slots, found ${counts.length}`);
    }
  }

  /** Counts a value; what is above 2^52 - 1 counts as that. */
  record(value: number): void {
    this.counts[bucketOf(Math.min(value, 2 ** VALUE_BITS_MAX - 1))]!++;
  }

  /** Adds all that the other has counted. */
  add(other: LatencyHistogram): void {
    for (let i = 0; i < BUCKETS; i++) this.counts[i]! += other.counts[i]!;
  }

  get count(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  /**
   * The value that at least this share of the values does not exceed, as the highest of its bucket.
   *
   * @param share from 0 to 1.
   */
  quantile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.count));
    let seen = 0;
    for (let i = 0; i < BUCKETS; i++) {
      seen += this.counts[i]!;
      if (seen >= rank) return highestIn(i);
    }
    return 0;
  }

  /** Pairs of the highest value of a bucket and its count, ascending, empty buckets left out. */
  buckets(): [value: number, count: number][] {
    const filled: [number, number][] = [];
    for (let i = 0; i < BUCKETS; i++) {
      if (this.counts[i]! > 0) filled.push([highestIn(i), this.counts[i]!]);
    }
    return filled;
  }

  /** Null when nothing was recorded. */
  summary(): LatencySummary | null {
    // One pass over the buckets; the rest looks at the filled ones alone, which are few.
    const filled = this.buckets();
    const count = filled.reduce((sum, [, n]) => sum + n, 0);
    if (count === 0) return null;
    const quantile = (share: number): number => {
      const rank = Math.max(1, Math.ceil(share * count));
      let seen = 0;
      return filled.find(([, n]) => (seen += n) >= rank)![0];
    };
    return {
      count,
      mean: filled.reduce((sum, [value, n]) => sum + value * n, 0) / count,
      min: filled[0]![0],
      p50: quantile(0.5),
      p90: quantile(0.9),
      p99: quantile(0.99),
      p999: quantile(0.999),
      max: filled.at(-1)![0],
    };
  }
}
