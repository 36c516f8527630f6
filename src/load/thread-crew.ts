import { setFlagsFromString } from "node:v8";
import { Piscina } from "piscina";
import type { ThreadJob } from "./thread-job.js";

/**
 * Size of the space for new objects of a thread, MiB. Every reading of the clock makes an object of 16
 * bytes, so with V8's own 1 to 8 MiB a thread stops for 0.2 ms to collect them a hundred times a second.
 */
const NEW_SPACE_MIB = 64;

/** Performs jobs, each on a thread of its own, all at the same time. */
export interface Crew {
  run(job: ThreadJob): Promise<void>;
  close(): Promise<void>;
}

/** Threads of this machine. They stay for several runs, so that their code stays compiled. */
export class ThreadCrew implements Crew {
  readonly #piscina: Piscina<ThreadJob, void>;

  /** @param workerUrl module whose default function performs a job. */
  constructor(threadCount: number, workerUrl: URL = new URL("./load-worker.js", import.meta.url)) {
    // Read when a thread starts; `resourceLimits` alone says how far the space may grow, not its size.
    setFlagsFromString(`--min-semi-space-size=${NEW_SPACE_MIB}`);
    this.#piscina = new Piscina<ThreadJob, void>({
      filename: workerUrl.href,
      resourceLimits: { maxYoungGenerationSizeMb: 3 * NEW_SPACE_MIB },
      minThreads: threadCount,
      maxThreads: threadCount,
      concurrentTasksPerWorker: 1,
      // Idle threads that poll would disturb what is measured.
      atomics: "disabled",
      idleTimeout: Infinity,
      // A thread that waits for its next operation looks no different from one that hangs.
      closeTimeout: 60_000,
    });
  }

  async run(job: ThreadJob): Promise<void> {
    await this.#piscina.run(job);
  }

  async close(): Promise<void> {
    await this.#piscina.destroy();
  }
}
