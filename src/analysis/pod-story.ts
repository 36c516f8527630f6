import type { ClientProcess } from "../datastore/simulated/client-process.js";
import {
  failedSandboxText,
  failedTeardownText,
  SANDBOX_LIMIT_TEXT,
} from "../node/kubelet-texts.js";
import type { HandleLeak } from "../node/leak-count.js";
import type { CommandFigures, PluginTask, PodWitness } from "../node/pod-witness.js";

/** One request of a process, from when it was ready to be sent. Times are simulated microseconds. */
export interface StoryRequest {
  readonly kind: "request";
  readonly timeUs: number;
  readonly method: string;
  readonly path: string;
  /** HTTP status, or the error that the client saw. */
  readonly status: number | string;
  /** Waiting for the client's own limiter before it was sent. */
  readonly limiterWaitUs: number;
  /** From sending it to the answer. */
  readonly durationUs: number;
}

/** Something that happened while a command ran. */
export type StoryStep =
  | StoryRequest
  | {
      readonly kind: "lock asked";
      readonly timeUs: number;
      /** Who held the node's lock; null when it was free. */
      readonly holder: PluginTask | null;
      /** Others that waited for it. */
      readonly ahead: number;
    }
  | { readonly kind: "lock taken"; readonly timeUs: number }
  | { readonly kind: "lock given"; readonly timeUs: number };

/** One run of the CNI plugin for a pod. */
export interface StoryCommand {
  readonly command: "add" | "del";
  readonly sandbox: string;
  readonly startedUs: number;
  /** Null when it still ran at the end of the simulation. */
  endedUs: number | null;
  readonly steps: StoryStep[];
  /** Calico's text; null when it succeeded, or was killed. */
  error: string | null;
  killed: boolean;
  /** What the kubelet reports of a failure. */
  kubeletText: string | null;
  lockWaitUs: number;
  limiterWaitUs: number;
  datastoreUs: number;
  requests: number;
  /** When the kubelet tries again; null when it does not. */
  nextTryUs: number | null;
}

/** What an ADD left allocated that nobody will release. */
export interface LeftBehind extends Readonly<HandleLeak> {
  readonly sandbox: string;
}

/** What happened to one pod's network. */
export interface PodStory {
  readonly pod: string;
  readonly namespace: string;
  readonly node: string;
  /** When the schedule wanted the pod, when it had a node, when its network was ready. */
  readonly intendedUs: number;
  readonly startedUs: number;
  readyUs: number | null;
  readonly commands: StoryCommand[];
  /** What its ADDs left behind, as it is at the end of the run. */
  readonly leftBehind: LeftBehind[];
}

/** Writes a pod's story while it happens. */
export class StoryWriter implements PodWitness {
  constructor(readonly story: PodStory) {}

  get #command(): StoryCommand {
    return this.story.commands.at(-1)!;
  }

  commandStarted(command: "add" | "del", sandbox: string, timeUs: number): void {
    this.story.commands.push({
      command,
      sandbox,
      startedUs: timeUs,
      endedUs: null,
      steps: [],
      error: null,
      killed: false,
      kubeletText: null,
      lockWaitUs: 0,
      limiterWaitUs: 0,
      datastoreUs: 0,
      requests: 0,
      nextTryUs: null,
    });
  }

  request(
    _process: ClientProcess<unknown>,
    method: string,
    path: string,
    status: number | string,
    limiterWaitUs: number,
    durationUs: number,
    sentUs: number,
  ): void {
    const timeUs = sentUs - limiterWaitUs;
    const kind = "request";
    this.#command.steps.push({ kind, timeUs, method, path, status, limiterWaitUs, durationUs });
  }

  lockAsked(holder: PluginTask | null, ahead: number, timeUs: number): void {
    this.#command.steps.push({ kind: "lock asked", timeUs, holder, ahead });
  }

  lockTaken(timeUs: number): void {
    this.#command.steps.push({ kind: "lock taken", timeUs });
  }

  lockGiven(timeUs: number): void {
    this.#command.steps.push({ kind: "lock given", timeUs });
  }

  commandEnded(process: CommandFigures, error: string | null, killed: boolean, endedUs: number) {
    const command = this.#command;
    const { lockWaitUs, limiterWaitUs, datastoreUs, requests, waitsSinceUs } = process;
    Object.assign(command, { endedUs, error, killed, limiterWaitUs, datastoreUs, requests });
    command.lockWaitUs = lockWaitUs + (waitsSinceUs === undefined ? 0 : endedUs - waitsSinceUs);
    if (killed) command.kubeletText = SANDBOX_LIMIT_TEXT;
    else if (error !== null) {
      const text = command.command === "add" ? failedSandboxText : failedTeardownText;
      command.kubeletText = text(command.sandbox, error);
    }
  }

  pauseStarted(untilUs: number): void {
    this.#command.nextTryUs = untilUs;
  }
}
