import { BatchRunner } from "./run-batch.js";

const runner = new BatchRunner();

/** What a worker thread can do, by name. */
export const run: BatchRunner["run"] = (batch) => runner.run(batch);
export const startSplitting: BatchRunner["startSplitting"] = (start) =>
  runner.startSplitting(start);
export const replicate: BatchRunner["replicate"] = (one) => runner.replicate(one);
