import type { ProcessWitness } from "../datastore/simulated/client-process.js";

/** What a plugin process is run for. */
export interface PluginTask {
  readonly command: "add" | "del";
  readonly pod: string;
}

/** What a plugin process did until its end. Times are microseconds. */
export interface CommandFigures {
  /** Waiting for the node's lock, as far as that was over. */
  readonly lockWaitUs: number;
  /** Since when it waits for the lock; undefined when it does not. */
  readonly waitsSinceUs: number | undefined;
  readonly limiterWaitUs: number;
  readonly datastoreUs: number;
  readonly requests: number;
}

/** Sees what happens around one pod, for explanations. */
export interface PodWitness extends ProcessWitness {
  /** The kubelet starts the plugin for a sandbox: an ADD, or a DEL for the reason given. */
  commandStarted(command: "add" | "del", containerId: string, timeUs: number): void;
  /** The plugin asks for its node's lock. @param ahead how many others wait for it. */
  lockAsked(holder: PluginTask | null, ahead: number, timeUs: number): void;
  lockTaken(timeUs: number): void;
  lockGiven(timeUs: number): void;
  /** The plugin has ended; `killed` when the runtime did it. */
  commandEnded(
    process: CommandFigures,
    error: string | null,
    killed: boolean,
    timeUs: number,
  ): void;
  /** The kubelet waits before it tries again. */
  pauseStarted(untilUs: number, timeUs: number): void;
}
