import { RandomStreams } from "../simulation/random-streams.js";

/** Draws up to the `until`-th of a run come from streams with this seed. */
export interface DrawSegment {
  readonly seed: string;
  readonly until: number;
}

/**
 * Random streams that change their seed after a number of draws, counted over all streams. With the
 * segments of another run and a new last seed, a run goes exactly as that one did up to its last
 * segment's end, and on its own way from there: so a run is continued from any point without a copy of
 * its state.
 */
export class SplitStreams extends RandomStreams {
  /** Draws so far. */
  drawn = 0;
  #segment = 0;
  readonly #segments: readonly RandomStreams[];

  constructor(
    private readonly followed: readonly DrawSegment[],
    lastSeed: string,
  ) {
    super(lastSeed);
    this.#segments = followed.map(({ seed }) => new RandomStreams(seed));
  }

  override stream(name: string): () => number {
    let segment = -1;
    let draw = (): number => 0;
    return () => {
      while (this.drawn >= (this.followed[this.#segment]?.until ?? Infinity)) this.#segment++;
      this.drawn++;
      if (segment !== this.#segment) {
        segment = this.#segment;
        const streams = this.#segments[segment];
        draw = streams === undefined ? super.stream(name) : streams.stream(name);
      }
      return draw();
    };
  }
}
