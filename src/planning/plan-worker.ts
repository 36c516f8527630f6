import { BatchRunner, type RunBatch } from "./run-batch.js";
import type { RunOutcome } from "./run-outcome.js";

const runner = new BatchRunner();

/** What a worker thread does with each piece of work. */
export default function runBatch(batch: RunBatch): Promise<RunOutcome[]> {
  return runner.run(batch);
}
