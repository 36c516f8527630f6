import { Piscina } from "piscina";
import { BatchRunner, type RunBatch } from "./run-batch.js";
import type { RunOutcome } from "./run-outcome.js";

/** Who performs batches of runs. */
export interface RunThreads {
  /** How many batches are performed at a time. */
  readonly width: number;
  perform(batch: RunBatch): Promise<RunOutcome[]>;
  close(): Promise<void>;
}

/** This thread alone. */
class OwnThread implements RunThreads {
  readonly width = 1;
  readonly #runner = new BatchRunner();

  perform(batch: RunBatch): Promise<RunOutcome[]> {
    return this.#runner.run(batch);
  }

  async close(): Promise<void> {
    // There is nothing to end.
  }
}

/** As many threads as asked for, beside this one. */
class WorkerThreads implements RunThreads {
  readonly #pool: Piscina;

  constructor(readonly width: number) {
    const filename = new URL("./plan-worker.js", import.meta.url).href;
    this.#pool = new Piscina({ filename, minThreads: width, maxThreads: width });
  }

  perform(batch: RunBatch): Promise<RunOutcome[]> {
    return this.#pool.run(batch) as Promise<RunOutcome[]>;
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

/** Threads for runs; with one worker no thread is started. */
export function startThreads(workers: number): RunThreads {
  return workers === 1 ? new OwnThread() : new WorkerThreads(workers);
}
