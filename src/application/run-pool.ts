import { Piscina } from "piscina";
import { BadInput, InvariantViolation } from "../failure/failure.js";
import { performRun, type RunOutcome, type RunTask } from "./run-task.js";
import type { WorkerAnswer } from "./run-worker.js";

/** Where runs are performed. Their outcome does not depend on where, nor on how many at a time. */
export interface RunPool {
  /** Queues a run. Rejects when the pool's signal is aborted before it is done. */
  run(task: RunTask): Promise<RunOutcome>;
  close(): Promise<void>;
}

/** One run after the other, on the thread that asks. */
class SameThread implements RunPool {
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly signal: AbortSignal | undefined) {}

  run(task: RunTask): Promise<RunOutcome> {
    const outcome = this.#last.then(() => {
      this.signal?.throwIfAborted();
      return performRun(task, this.signal);
    });
    this.#last = outcome.catch(() => undefined);
    return outcome;
  }

  async close(): Promise<void> {
    await this.#last;
  }
}

class Threads implements RunPool {
  readonly #pool: Piscina<RunTask, WorkerAnswer>;
  readonly #signal: AbortSignal | undefined;
  readonly #stop = (): void => {
    void this.#pool.destroy();
  };

  constructor(filename: string, count: number, signal: AbortSignal | undefined) {
    this.#pool = new Piscina({ filename, minThreads: count, maxThreads: count });
    this.#signal = signal;
    signal?.addEventListener("abort", this.#stop);
  }

  async run(task: RunTask): Promise<RunOutcome> {
    const answer = await this.#answer(task);
    switch (answer.kind) {
      case "outcome":
        return answer.outcome;
      case "badInput":
        throw new BadInput(answer.faults);
      case "invariant":
        throw new InvariantViolation(answer.invariant, answer.detail);
    }
  }

  async #answer(task: RunTask): Promise<WorkerAnswer> {
    this.#signal?.throwIfAborted();
    try {
      return await this.#pool.run(task);
    } catch (error) {
      // A thread that was ended by the interruption fails with an error of its own.
      this.#signal?.throwIfAborted();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#signal?.removeEventListener("abort", this.#stop);
    await this.#pool.destroy();
  }
}

export interface RunPoolOptions {
  /** Most runs at a time. */
  readonly workers: number;
  readonly signal?: AbortSignal | undefined;
}

/** A pool of threads; the caller's own thread for a single worker. */
export function createRunPool({ workers, signal }: RunPoolOptions): RunPool {
  const ending = ".js";
  // Threads load built files; run from the sources, there are none.
  const isBuilt = import.meta.url.endsWith(ending);
  if (workers === 1 || !isBuilt) return new SameThread(signal);
  return new Threads(new URL(`./run-worker${ending}`, import.meta.url).href, workers, signal);
}
