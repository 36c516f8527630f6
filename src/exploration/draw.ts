/** Draws from one stream of random numbers in [0, 1). */
export class Draw {
  constructor(readonly next: () => number) {}

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of these; there must be one. */
  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.next() * items.length)]!;
  }

  /** A part of these, each in it with this probability; never empty if `items` is not. */
  some<T>(items: readonly T[], probability: number): readonly T[] {
    const chosen = items.filter(() => this.chance(probability));
    return chosen.length === 0 && items.length > 0 ? [this.pick(items)] : chosen;
  }

  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = this.between(0, i);
      [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
    }
    return shuffled;
  }
}
