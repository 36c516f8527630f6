/** One stretch of time: the last and the highest value seen in it. */
export interface SeriesPoint {
  /** Start of the stretch, microseconds. */
  readonly timeUs: number;
  /** Value at its end. */
  readonly last: number;
  /** Highest value in it. */
  readonly peak: number;
}

/**
 * A value over time in a bounded number of equal stretches. When the time goes beyond the last one,
 * stretches are joined in pairs and twice as long from then on, so that a run of any length ends with
 * between half of the points and all of them.
 */
export class BoundedSeries {
  #widthUs = 1;
  #startUs: number | undefined;
  #last: number[] = [];
  #peak: number[] = [];

  constructor(private readonly pointsMax = 240) {}

  /** Times must not go back. */
  record(timeUs: number, value: number): void {
    this.#startUs ??= timeUs;
    let index = Math.floor((timeUs - this.#startUs) / this.#widthUs);
    while (index >= this.pointsMax) {
      this.#join();
      index = Math.floor((timeUs - this.#startUs) / this.#widthUs);
    }
    // A stretch without an event keeps the value of the one before.
    const held = this.#last.at(-1) ?? 0;
    while (this.#last.length <= index) {
      this.#last.push(held);
      this.#peak.push(held);
    }
    this.#last[index] = value;
    if (value > this.#peak[index]!) this.#peak[index] = value;
  }

  #join(): void {
    const last: number[] = [];
    const peak: number[] = [];
    for (let i = 0; i < this.#last.length; i += 2) {
      last.push(this.#last[i + 1] ?? this.#last[i]!);
      peak.push(Math.max(this.#peak[i]!, this.#peak[i + 1] ?? 0));
    }
    this.#last = last;
    this.#peak = peak;
    this.#widthUs *= 2;
  }

  points(): SeriesPoint[] {
    const start = this.#startUs ?? 0;
    return this.#last.map((last, i) => ({
      timeUs: start + i * this.#widthUs,
      last,
      peak: this.#peak[i]!,
    }));
  }
}
