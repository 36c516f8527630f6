import seedrandom from "seedrandom";

/**
 * Streams of random numbers by name. Each depends on the seed and its own name only, so a stream
 * more, or more draws from one, never changes another.
 */
export class RandomStreams {
  #isDrawn = false;

  constructor(private readonly seed: string) {}

  /** Whether any number was drawn. Where none was, every seed gives the same. */
  get isDrawn(): boolean {
    return this.#isDrawn;
  }

  /** Draws in [0, 1) with 32 bits. */
  stream(name: string): () => number {
    const draw = seedrandom.alea(`${this.seed}/${name}`);
    return () => {
      this.#isDrawn = true;
      return draw();
    };
  }
}
