/** Values below this are counted one by one in an array. */
const DENSE_LIMIT = 4096;

/** What a report tells of a histogram. */
export interface HistogramSummary {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * Counts non-negative integers exactly. Made for small numbers (datastore calls of one operation);
 * larger ones cost more memory but stay exact.
 */
export class IntegerHistogram {
  readonly #dense = new Float64Array(DENSE_LIMIT);
  readonly #sparse = new Map<number, number>();
  #count = 0;
  #sum = 0;
  #max = 0;

  record(value: number): void {
    if (value < DENSE_LIMIT) this.#dense[value]!++;
    else this.#sparse.set(value, (this.#sparse.get(value) ?? 0) + 1);
    this.#count++;
    this.#sum += value;
    if (value > this.#max) this.#max = value;
  }

  get count(): number {
    return this.#count;
  }

  get sum(): number {
    return this.#sum;
  }

  /**
   * The smallest recorded value that at least this share of the values does not exceed.
   *
   * @param share from 0 to 1.
   */
  quantile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (let value = 0; value < DENSE_LIMIT; value++) {
      seen += this.#dense[value]!;
      if (seen >= rank) return value;
    }
    for (const value of [...this.#sparse.keys()].sort((a, b) => a - b)) {
      seen += this.#sparse.get(value)!;
      if (seen >= rank) return value;
    }
    return this.#max;
  }

  /** Null when nothing was recorded. */
  summary(): HistogramSummary | null {
    if (this.#count === 0) return null;
    return {
      count: this.#count,
      sum: this.#sum,
      min: this.quantile(0),
      p50: this.quantile(0.5),
      p99: this.quantile(0.99),
      max: this.#max,
    };
  }
}
