import type { CallRecord } from "../datastore/call-record.js";
import { describeObject, describeOutcome } from "../datastore/recorder.js";
import type { DatastoreRequest } from "../datastore/request.js";
import type { Response } from "../datastore/response.js";
import { type AddressNumber, formatAddress } from "../model/address.js";
import type { Kernel } from "../simulation/kernel.js";
import type {
  ClusterNode,
  InitialAddresses,
  NodeLoss,
  PodNetwork,
  PodNetworkEvents,
  PodRef,
} from "../workload/pod-network.js";
import { WAKES_PER_TURN } from "./run-kernel.js";

/** What happened in one step of a run. A step is one wake of the simulation's clock. */
export interface StepEvent {
  readonly step: number;
  /** Microseconds of the simulation. */
  readonly timeUs: number;
  readonly what: string;
}

/** Steps before the last one after each of which the whole state is checked. */
const CHECKED_STEPS = 1000;
/** Events that are kept, the last ones. */
const EVENTS_KEPT = 1000;

/**
 * A run that is performed once more up to one of its steps, and keeps what happened last. Ordinary
 * runs check the whole state now and then, so the step at which a check fails may be later than the
 * one that broke the rule: the steps before the last one are checked one by one.
 */
export class StepReplay implements CallRecord {
  readonly #events: StepEvent[] = [];
  #dropped = 0;
  #kernel: Kernel | undefined;

  /** @param step the last one that is performed, at least 1. */
  constructor(readonly step: number) {}

  /** The last events, in order. */
  get events(): readonly StepEvent[] {
    return this.#events.slice(this.#dropped);
  }

  /** To be called once, before the run. */
  begin(kernel: Kernel): void {
    this.#kernel = kernel;
  }

  /** How many steps to perform before the next look. */
  get stepsOfTurn(): number {
    const left = this.step - this.#kernel!.woken;
    return left > CHECKED_STEPS ? Math.min(WAKES_PER_TURN, left - CHECKED_STEPS) : 1;
  }

  /** Whether the run is to be checked now. */
  get isChecked(): boolean {
    return this.step - this.#kernel!.woken <= CHECKED_STEPS;
  }

  /** Steps performed so far. */
  get performed(): number {
    return this.#kernel?.woken ?? 0;
  }

  get isDone(): boolean {
    return this.#kernel!.woken >= this.step;
  }

  noteCall(request: DatastoreRequest, response: Response): void {
    const outcome = describeOutcome(response);
    this.#note(`${request.verb} ${describeObject(request)}: ${outcome}`);
  }

  noteAddress(address: AddressNumber): void {
    this.#note(`${formatAddress(address)} is given out`);
  }

  /** The network, with what the workload asks of it written down. */
  asked(network: PodNetwork): PodNetwork {
    const adopt = network.adoptPod?.bind(network);
    return {
      nodeJoined: (node) => {
        this.#note(`node ${node.name} joins`);
        network.nodeJoined(node);
      },
      nodeLeft: (node: ClusterNode, how: NodeLoss) => {
        this.#note(`node ${node.name} is ${how}`);
        network.nodeLeft(node, how);
      },
      addPod: (pod) => {
        this.#notePod(pod, `comes to ${pod.node.name}`);
        network.addPod(pod);
      },
      ...(adopt === undefined
        ? {}
        : { adoptPod: (pod: PodRef, held: InitialAddresses) => adopt(pod, held) }),
      removePod: (pod) => {
        this.#notePod(pod, "ends");
        network.removePod(pod);
      },
      dropPod: (pod) => {
        this.#notePod(pod, "vanishes");
        network.dropPod(pod);
      },
    };
  }

  /** The workload's side, with what the network answers written down. */
  answered(events: PodNetworkEvents): PodNetworkEvents {
    return {
      nodeReady: (node) => {
        this.#note(`node ${node.name} is ready`);
        events.nodeReady(node);
      },
      podReady: (pod) => {
        this.#notePod(pod, "has its network");
        events.podReady(pod);
      },
      podFailed: (pod, reason, isFinal) => {
        this.#notePod(pod, `got no network: ${reason}`);
        events.podFailed(pod, reason, isFinal);
      },
      podGone: (pod) => {
        this.#notePod(pod, "is gone");
        events.podGone(pod);
      },
    };
  }

  #notePod({ namespace, name }: PodRef, what: string): void {
    this.#note(`pod ${namespace}/${name} ${what}`);
  }

  #note(what: string): void {
    const { woken, nowUs } = this.#kernel!;
    this.#events.push({ step: woken, timeUs: nowUs, what });
    if (this.#events.length - this.#dropped <= EVENTS_KEPT) return;
    this.#dropped++;
    if (this.#dropped < EVENTS_KEPT) return;
    this.#events.splice(0, this.#dropped);
    this.#dropped = 0;
  }
}
