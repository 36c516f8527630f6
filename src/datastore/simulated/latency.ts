/** A distribution of durations. */
export interface Distribution {
  /** One duration in microseconds, not rounded. */
  sampleUs(random: () => number): number;
}

/** Always the same duration. */
export class Constant implements Distribution {
  constructor(private readonly us: number) {}

  sampleUs(): number {
    return this.us;
  }
}

/** Every duration between two bounds is as likely. */
export class Uniform implements Distribution {
  constructor(
    private readonly fromUs: number,
    private readonly toUs: number,
  ) {}

  sampleUs(random: () => number): number {
    return this.fromUs + (this.toUs - this.fromUs) * random();
  }
}

/** Short durations are the likeliest; the mean is given. */
export class Exponential implements Distribution {
  constructor(private readonly meanUs: number) {}

  sampleUs(random: () => number): number {
    return -Math.log(1 - random()) * this.meanUs;
  }
}

/** Lognormal, by its median and the standard deviation of the logarithm. */
export class Lognormal implements Distribution {
  #spare: number | undefined;

  constructor(
    private readonly medianUs: number,
    private readonly sigma: number,
  ) {}

  sampleUs(random: () => number): number {
    return this.medianUs * Math.exp(this.sigma * this.#normal(random));
  }

  /** Box and Muller's method gives two values at once; the second one is kept. */
  #normal(random: () => number): number {
    const spare = this.#spare;
    if (spare !== undefined) {
      this.#spare = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
}

/** One bar of an empirical histogram: how many durations were at most this long. */
export interface HistogramBar {
  readonly upToUs: number;
  readonly count: number;
}

/** Durations as they were measured; within a bar every duration is as likely. */
export class Empirical implements Distribution {
  readonly #cumulative: number[] = [];
  readonly #total: number;

  /** @param bars ascending by `upToUs`, with a total count above 0. */
  constructor(private readonly bars: readonly HistogramBar[]) {
    let total = 0;
    for (const bar of bars) this.#cumulative.push((total += bar.count));
    this.#total = total;
  }

  sampleUs(random: () => number): number {
    const rank = random() * this.#total;
    let low = 0;
    let high = this.#cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#cumulative[middle]! > rank) high = middle;
      else low = middle + 1;
    }
    const before = low === 0 ? 0 : this.#cumulative[low - 1]!;
    const fromUs = low === 0 ? 0 : this.bars[low - 1]!.upToUs;
    const bar = this.bars[low]!;
    return fromUs + ((bar.upToUs - fromUs) * (rank - before)) / bar.count;
  }
}
