import seedrandom from "seedrandom";

/**
 * Streams of random numbers by name. Each depends on the seed and its own name only, so a stream
 * more, or more draws from one, never changes another.
 */
export class RandomStreams {
  constructor(private readonly seed: string) {}

  /** Draws in [0, 1) with 32 bits. */
  stream(name: string): () => number {
    return seedrandom.alea(`${this.seed}/${name}`);
  }
}
