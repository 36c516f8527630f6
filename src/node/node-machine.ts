import type { ProcessOwner } from "../datastore/simulated/client-process.js";
import type { ClusterNode } from "../workload/pod-network.js";
import type { CniRequest } from "./cni-request.js";
import type { ClusterLock } from "./cluster-lock.js";
import type { AnyProcess, HostLock } from "./host-lock.js";
import { IpamPlugin } from "./ipam-plugin.js";
import { NetworkMutex } from "./network-mutex.js";
import type { NodeSettings } from "./node-settings.js";
import { addCommand, delCommand } from "./plugin-command.js";
import { LOCK_TIMES, PluginProcess, type PluginResult } from "./plugin-process.js";
import type { PodWitness } from "./pod-witness.js";
import type { ReleaseSurroundings } from "./release-surroundings.js";

/** One machine of the cluster: its lock, and the plugin that is installed on it. */
export class NodeMachine {
  readonly #mutex = new NetworkMutex();
  /** Locks of the whole cluster that processes of this machine may hold: one a release at most. */
  readonly #clusterLocks = new Set<ClusterLock>();
  #plugin!: IpamPlugin;
  #release!: ReleaseSurroundings;

  constructor(
    readonly node: ClusterNode,
    release: ReleaseSurroundings,
    readonly lock: HostLock,
    readonly settings: NodeSettings,
  ) {
    this.install(release);
  }

  /** Puts a release on the machine; processes that run already go on with the old one. */
  install(release: ReleaseSurroundings): void {
    this.#release = release;
    this.#plugin = new IpamPlugin(release.behaviours, release.ipam, LOCK_TIMES);
    if (release.clusterLock !== null) this.#clusterLocks.add(release.clusterLock);
  }

  /** Starts the plugin. Its result, unless it is killed, goes to the owner. */
  run(
    command: "add" | "del",
    request: CniRequest,
    owner: ProcessOwner<PluginResult>,
    witness: PodWitness | null,
  ): PluginProcess {
    const { processes, clientLimit } = this.#release;
    const { settings, lock } = this;
    const process = new PluginProcess(
      processes,
      owner,
      clientLimit,
      settings.windows,
      { command, pod: request.pod },
      lock,
      witness,
    );
    const any = process as unknown as AnyProcess;
    const surroundings = { settings, plugin: this.#plugin, lock, mutex: this.#mutex };
    const steps = command === "add" ? addCommand : delCommand;
    process.start(steps(any, surroundings, request));
    return process;
  }

  /** Kills a process of this machine: its locks are free at once, what it has sent still happens. */
  kill(process: PluginProcess): void {
    process.isOver = true;
    process.kill();
    const any = process as unknown as AnyProcess;
    this.lock.drop(any);
    this.#mutex.release(any);
    for (const lock of this.#clusterLocks) lock.drop(any);
  }
}
