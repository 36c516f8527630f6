import type { PodGroup } from "./pod-group.js";

/** An executor at work. */
export interface ExecutorRun {
  /** Its pods; undefined for executors that make none. */
  readonly group: PodGroup | undefined;
  /** Schedules its first wake. Called once, before the kernel runs. */
  start(): void;
}
