import { ClientProcess, type ProcessOwner } from "../datastore/simulated/client-process.js";
import type { CalicoError } from "../model/calico-error.js";
import type { Activity, Kernel } from "../simulation/kernel.js";
import { startNode } from "./node-start.js";
import type { ReleaseSurroundings } from "./release-surroundings.js";

/** Pauses of the kubelet before it starts a container again: 10 s, doubling, at most 5 minutes. */
const FIRST_PAUSE_US = 10_000_000;
const PAUSE_MAX_US = 300_000_000;

type Outcome = CalicoError | undefined;

/** Told how the starts of one node's calico-node end. */
export interface NodeStartListener {
  started(): void;
  failed(text: string): void;
}

/** Starts calico-node on one node, again and again until it succeeds. */
export class NodeStarter implements Activity, ProcessOwner<Outcome> {
  #process: ClientProcess<Outcome> | undefined;
  #pauseUs = FIRST_PAUSE_US;
  #isStopped = false;

  constructor(
    private readonly kernel: Kernel,
    private readonly nodeName: string,
    private readonly windows: boolean,
    private readonly surroundings: ReleaseSurroundings,
    private readonly listener: NodeStartListener,
  ) {}

  wake(): void {
    if (this.#isStopped) return;
    const { processes, clientLimit, ipam } = this.surroundings;
    this.#process = new ClientProcess<Outcome>(processes, this, clientLimit, this.windows);
    this.#process.start(startNode(ipam, this.#process, this.nodeName));
  }

  processEnded(_process: ClientProcess<Outcome>, error: Outcome): void {
    if (error === undefined) {
      this.listener.started();
      return;
    }
    this.listener.failed(error.text);
    this.kernel.schedule(this.kernel.nowUs + this.#pauseUs, this);
    this.#pauseUs = Math.min(2 * this.#pauseUs, PAUSE_MAX_US);
  }

  /** The machine stops. */
  stop(): void {
    this.#isStopped = true;
    this.#process?.kill();
  }
}
