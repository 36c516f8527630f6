import type { ProcessOwner } from "../datastore/simulated/client-process.js";
import { type Pod, podKey } from "../model/pod.js";
import type { Activity, Kernel } from "../simulation/kernel.js";
import type { PodRef } from "../workload/pod-network.js";
import type { CniAddResult, CniRequest } from "./cni-request.js";
import type { Holding } from "./holding.js";
import type { NodeMachine } from "./node-machine.js";
import type { PluginProcess, PluginResult } from "./plugin-process.js";
import type { PodWitness } from "./pod-witness.js";
import type { TimeLimits } from "./time-limits.js";

/** Limits of the runtime, by what the plugin is run for. */
export type CommandKind = "add" | "del" | "cleanUp";

/** What a pod's worker needs of the cluster, and tells it. */
export interface KubeletSurroundings {
  readonly kernel: Kernel;
  /** Draws the length of pauses. */
  readonly random: () => number;
  readonly limits: Readonly<Record<CommandKind, TimeLimits<RunningCommand>>>;
  /** A new sandbox for the pod, and what the runtime passes to the plugin for it. */
  createSandbox(worker: KubeletPod): CniRequest;
  addEnded(worker: KubeletPod, process: PluginProcess, result: CniAddResult | "killed"): void;
  /** The pod's addresses are no longer in use, from before their DEL starts. */
  teardownStarted(worker: KubeletPod): void;
  /** @param isLast whether no other DEL of this sandbox will follow. */
  delEnded(worker: KubeletPod, process: PluginProcess, error: string | null, isLast: boolean): void;
  /** Nothing of the pod is left on its node. */
  gone(worker: KubeletPod): void;
}

const enum State {
  /** The plugin is about to be started for an ADD, a DEL, or the DEL after a failed ADD. */
  StartingAdd,
  StartingDel,
  StartingCleanUp,
  Adding,
  Deleting,
  CleaningUp,
  /** Pausing before the next ADD, or the next DEL. */
  PausingAdd,
  PausingDel,
  Running,
  Gone,
}

/** What the kubelet says when the runtime has killed a DEL. */
const DEL_LIMIT_TEXT = "rpc error: code = DeadlineExceeded desc = context deadline exceeded";

/** A command that the runtime watches. */
export class RunningCommand {
  constructor(
    readonly worker: KubeletPod,
    readonly process: PluginProcess,
  ) {}

  get isOver(): boolean {
    return this.process.isOver;
  }
}

/**
 * The kubelet's worker of one pod together with the runtime below it: sandbox after sandbox until one
 * has a network, and CNI DEL until it succeeds. A failed ADD is followed by a DEL at once, then a pause. A
 * pod that is to end while its plugin runs ends after that. That the kubelet collects dead sandboxes,
 * and so repeats DELs that failed after a failed ADD, is not modelled.
 */
export class KubeletPod implements Activity, ProcessOwner<PluginResult> {
  #state = State.StartingAdd;
  /** When the worker's own wake is due; others that are still in the queue do not count. */
  #dueUs = 0;
  #isEnding = false;
  /** A sandbox of this pod is there that no DEL has succeeded for. */
  #hasSandbox = false;
  #process: PluginProcess | null = null;
  #request!: CniRequest;
  #handle = "";
  #key: string | undefined;
  /** A DEL is still to come for what the handle of its sandbox holds. */
  isHandleLive = false;
  /** What it holds while its network is there. */
  holding: Holding | null = null;
  /** What Kubernetes shows of the pod; null after a change, until it is asked for. */
  shown: Pod | null = null;
  /** ADDs that were started; none when the pod was there from the beginning. */
  attempts = 0;
  attemptStartedUs = 0;

  constructor(
    readonly pod: PodRef,
    readonly machine: NodeMachine,
    private readonly surroundings: KubeletSurroundings,
    private readonly witness: PodWitness | null,
    /** The pod as the Kubernetes API and IPAM's attributes name it. */
    readonly identity: Pick<PodRef, "name" | "namespace"> = pod,
  ) {}

  /** The pod's key in Kubernetes. */
  get key(): string {
    return (this.#key ??= podKey(this.identity.namespace, this.identity.name));
  }

  /** Whether the pod is to end, or ends. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** The sandbox's identity as the plugin is told it. */
  get request(): CniRequest {
    return this.#request;
  }

  /** What the addresses of the sandbox are allocated by; empty: without a handle. */
  get handle(): string {
    return this.#handle;
  }

  get isAdding(): boolean {
    return this.#state === State.StartingAdd || this.#state === State.Adding;
  }

  start(): void {
    this.#startAdd();
  }

  /**
   * Takes over a pod that runs already, with the sandbox that the request was for.
   *
   * @param handle what its addresses are allocated by, which need not be the request's.
   */
  adopt(request: CniRequest, handle: string): void {
    this.#request = request;
    this.#handle = handle;
    this.#hasSandbox = true;
    this.#state = State.Running;
  }

  /** Ends the pod: CNI DEL, now or once what is under way is over. */
  remove(): void {
    this.#isEnding = true;
    if (this.#state === State.Running) {
      this.surroundings.teardownStarted(this);
      this.#startCommand("del", State.StartingDel);
    } else if (this.#state === State.PausingAdd) {
      this.#end();
    }
  }

  /** The pod vanishes, and its processes with it; no DEL. */
  drop(): void {
    this.#state = State.Gone;
    if (this.#process !== null && !this.#process.isOver) this.machine.kill(this.#process);
    this.#process = null;
  }

  wake(): void {
    if (this.#dueUs !== this.surroundings.kernel.nowUs) return;
    switch (this.#state) {
      case State.StartingAdd:
        this.#run("add", State.Adding);
        return;
      case State.StartingDel:
        this.#run("del", State.Deleting);
        return;
      case State.StartingCleanUp:
        this.#run("cleanUp", State.CleaningUp);
        return;
      case State.PausingAdd:
        this.#startAdd();
        return;
      case State.PausingDel:
        this.#startCommand("del", State.StartingDel);
        return;
      default:
    }
  }

  #startAdd(): void {
    this.attempts++;
    this.attemptStartedUs = this.surroundings.kernel.nowUs;
    this.#request = this.surroundings.createSandbox(this);
    this.#handle = this.#request.handle;
    this.#hasSandbox = true;
    this.#startCommand("add", State.StartingAdd);
  }

  #startCommand(command: "add" | "del", state: State): void {
    const { kernel } = this.surroundings;
    this.witness?.commandStarted(command, this.#request.containerId, kernel.nowUs);
    this.#wakeAfter(this.machine.settings.processStartUs, state);
  }

  #wakeAfter(us: number, state: State): void {
    const { kernel } = this.surroundings;
    this.#state = state;
    this.#dueUs = kernel.nowUs + us;
    kernel.schedule(this.#dueUs, this);
  }

  #run(kind: CommandKind, state: State): void {
    this.#state = state;
    const command = kind === "add" ? "add" : "del";
    const process = this.machine.run(command, this.#request, this, this.witness);
    // A command that failed at once has been dealt with already.
    if (process.isOver) return;
    this.#process = process;
    this.surroundings.limits[kind].watch(new RunningCommand(this, process));
  }

  processEnded(ended: unknown, result: PluginResult): void {
    const process = ended as PluginProcess;
    process.isOver = true;
    this.#process = null;
    const { nowUs } = this.surroundings.kernel;
    this.witness?.commandEnded(process, result.error, false, nowUs);
    if (result.kind === "add") this.#addEnded(process, result);
    else this.#delEnded(process, result.error);
  }

  /** The runtime's limit is up: the plugin is killed. */
  kill(process: PluginProcess): void {
    this.machine.kill(process);
    const { nowUs } = this.surroundings.kernel;
    this.witness?.commandEnded(process, null, true, nowUs);
    if (this.#state === State.Adding) this.#addEnded(process, "killed");
    else this.#delEnded(process, DEL_LIMIT_TEXT);
  }

  #addEnded(process: PluginProcess, result: CniAddResult | "killed"): void {
    const isFine = result !== "killed" && result.error === null;
    this.#state = State.Running;
    this.surroundings.addEnded(this, process, result);
    if (!isFine) {
      this.#startCommand("del", State.StartingCleanUp);
    } else if (this.#isEnding) {
      this.remove();
    }
  }

  #delEnded(process: PluginProcess, error: string | null): void {
    const isCleanUp = this.#state === State.CleaningUp;
    this.surroundings.delEnded(this, process, error, error === null || isCleanUp);
    if (error === null) this.#hasSandbox = false;
    if (this.#isEnding && (error === null || isCleanUp)) {
      this.#end();
      return;
    }
    const { retryUs, retrySpread } = this.machine.settings;
    const pauseUs = Math.round(retryUs * (1 + retrySpread * this.surroundings.random()));
    const { nowUs } = this.surroundings.kernel;
    this.witness?.pauseStarted(nowUs + pauseUs, nowUs);
    this.#wakeAfter(pauseUs, isCleanUp ? State.PausingAdd : State.PausingDel);
  }

  /** Ends the pod; a sandbox that is left over is torn down first. */
  #end(): void {
    if (this.#hasSandbox) {
      this.#startCommand("del", State.StartingDel);
      return;
    }
    this.#state = State.Gone;
    this.surroundings.gone(this);
  }
}
