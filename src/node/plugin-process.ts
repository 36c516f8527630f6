import {
  ClientProcess,
  type ProcessOwner,
  type ProcessSurroundings,
} from "../datastore/simulated/client-process.js";
import type { RateLimit } from "../datastore/simulated/token-bucket.js";
import type { CniAddResult, CniDelResult } from "./cni-request.js";
import type { AnyProcess, HostLock } from "./host-lock.js";
import type { LockWitness } from "./ipam-plugin.js";
import type { PluginTask, PodWitness } from "./pod-witness.js";

export type PluginResult = CniAddResult | CniDelResult;

/** One run of the plugin for a sandbox, from its start to its end or until it is killed. */
export class PluginProcess extends ClientProcess<PluginResult> {
  readonly startedUs = this.nowUs;
  /** Waiting for the node's lock and holding it, as far as that is over. */
  lockWaitUs = 0;
  lockHeldUs = 0;
  /** Since when it waits for the lock, or holds it; undefined when it does neither. */
  waitsSinceUs: number | undefined;
  holdsSinceUs: number | undefined;
  /** Ended by itself or killed. */
  isOver = false;

  constructor(
    surroundings: ProcessSurroundings,
    owner: ProcessOwner<PluginResult>,
    limit: RateLimit,
    windows: boolean,
    readonly task: PluginTask,
    readonly lock: HostLock,
    readonly podWitness: PodWitness | null,
  ) {
    super(surroundings, owner, limit, windows, podWitness);
  }
}

/** Notes in each plugin process how long it waits for its node's lock, and how long it holds it. */
export const LOCK_TIMES: LockWitness = {
  lockAsked(process: AnyProcess): void {
    const run = process as unknown as PluginProcess;
    run.waitsSinceUs = process.nowUs;
    if (run.podWitness === null) return;
    const holder = run.lock.holder as PluginProcess | null;
    run.podWitness.lockAsked(holder?.task ?? null, run.lock.queueLength, process.nowUs);
  },
  lockTaken(process: AnyProcess): void {
    const run = process as unknown as PluginProcess;
    run.lockWaitUs += process.nowUs - run.waitsSinceUs!;
    run.waitsSinceUs = undefined;
    run.holdsSinceUs = process.nowUs;
    run.podWitness?.lockTaken(process.nowUs);
  },
  lockGiven(process: AnyProcess): void {
    const run = process as unknown as PluginProcess;
    run.lockHeldUs += process.nowUs - run.holdsSinceUs!;
    run.holdsSinceUs = undefined;
    run.podWitness?.lockGiven(process.nowUs);
  },
};
