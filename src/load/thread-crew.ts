import { Piscina } from "piscina";
import type { ThreadJob } from "./thread-job.js";

/** Performs jobs, each on a thread of its own, all at the same time. */
export interface Crew {
  run(job: ThreadJob): Promise<void>;
  close(): Promise<void>;
}

/** Threads of this machine. They stay for several runs, so that their code stays compiled. */
export class ThreadCrew implements Crew {
  readonly #piscina: Piscina<ThreadJob, void>;

  constructor(threadCount: number) {
    this.#piscina = new Piscina<ThreadJob, void>({
      filename: new URL("./load-worker.js", import.meta.url).href,
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
