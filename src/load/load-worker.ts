import { performJob, type ThreadJob } from "./thread-job.js";

/** What piscina calls on its threads. */
export default function work(job: ThreadJob): void {
  performJob(job);
}
