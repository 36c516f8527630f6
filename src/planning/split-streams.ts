import { RandomStreams } from "../simulation/random-streams.js";

/** Draws up to a run's `until`-th request for an address come from streams with this seed. */
export interface RunSegment {
  readonly seed: string;
  readonly until: number;
}

/**
 * Random streams that change their seed at given points of a run. With the segments of another run and
 * a new last seed, a run goes exactly as that one did up to its last segment's end, and on its own way
 * from there: so a run is continued from any point without a copy of its state.
 */
export class SplitStreams extends RandomStreams {
  #segment = 0;
  readonly #segments: readonly RandomStreams[];

  constructor(
    private readonly followed: readonly RunSegment[],
    lastSeed: string,
  ) {
    super(lastSeed);
    this.#segments = followed.map(({ seed }) => new RandomStreams(seed));
  }

  /** The request after which `split` is due; Infinity when the run is on its own way. */
  get nextSplit(): number {
    return this.followed[this.#segment]?.until ?? Infinity;
  }

  /** Goes on with the next seed. */
  split(): void {
    this.#segment++;
  }

  override stream(name: string): () => number {
    let segment = -1;
    let draw = (): number => 0;
    return () => {
      if (segment !== this.#segment) {
        segment = this.#segment;
        const streams = this.#segments[segment];
        draw = streams === undefined ? super.stream(name) : streams.stream(name);
      }
      return draw();
    };
  }
}
