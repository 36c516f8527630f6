import { Piscina } from "piscina";
import { BatchRunner } from "./run-batch.js";

/** Who performs pieces of work. */
export interface RunThreads extends Pick<BatchRunner, "run" | "startSplitting" | "replicate"> {
  /** How many pieces are performed at a time. */
  readonly width: number;
  close(): Promise<void>;
}

/** This thread alone. */
class OwnThread extends BatchRunner implements RunThreads {
  readonly width = 1;

  async close(): Promise<void> {
    // There is nothing to end.
  }
}

/** As many threads as asked for, beside this one. */
class WorkerThreads implements RunThreads {
  readonly #pool: Piscina;

  constructor(readonly width: number) {
    const filename = new URL("./plan-worker.js", import.meta.url).href;
    this.#pool = new Piscina({
      filename,
      minThreads: width,
      maxThreads: width,
      // Runs make many short-lived objects and keep thousands of pods: a young generation that holds
      // a run's pods is collected seldom, and threads spend their time on runs.
      resourceLimits: { maxYoungGenerationSizeMb: 192 },
    });
  }

  run: BatchRunner["run"] = (batch) => this.#pool.run(batch, { name: "run" });

  startSplitting: BatchRunner["startSplitting"] = (start) =>
    this.#pool.run(start, { name: "startSplitting" });

  replicate: BatchRunner["replicate"] = (one) => this.#pool.run(one, { name: "replicate" });

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

/** Threads for runs. Threads load built files; run from the sources, there is this one alone. */
export function startThreads(workers: number): RunThreads {
  return import.meta.url.endsWith(".js") ? new WorkerThreads(workers) : new OwnThread();
}
