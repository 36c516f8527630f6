import type { Crew } from "../../src/load/thread-crew.js";
import { performJob, type ThreadJob } from "../../src/load/thread-job.js";

/** Performs the one job of a run in this thread. */
export const inlineCrew: Crew = {
  async run(job: ThreadJob) {
    performJob(job);
  },
  async close() {
    // There is no thread to end.
  },
};
