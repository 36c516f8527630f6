import type { Datastore } from "../datastore/datastore.js";
import { type Fault, FaultInjector } from "../datastore/fault-injector.js";
import type { MemoryDatastore } from "../datastore/memory.js";
import { type RecordedCall, Recorder } from "../datastore/recorder.js";
import { LockRequest } from "../datastore/request.js";
import { InvariantViolation } from "../failure/failure.js";
import { Client, InterleavedLock } from "../protocol/interleave.js";
import { type Cluster, type ClusterEdit, type ClusterPlan, describeEdit } from "./cluster.js";
import { type Deadline, DeadlineDatastore } from "./deadline.js";
import { findLeaks, type Leak } from "./leaks.js";
import {
  describeOperation,
  describeOutcome,
  type Operation,
  operationSteps,
  type Outcome,
} from "./operation.js";
import { checkBlock, Watch, type WatchedClient, WatchedDatastore } from "./watch.js";

/** One client of a round: what it does and what befalls it. */
export interface PlannedClient {
  readonly operation: Operation;
  readonly faults: readonly Fault[];
  /** Null when its caller waits as long as it takes. */
  readonly deadline: Deadline | null;
  /** It performs this many steps and then never another one; null when it lives. */
  readonly diesAfter: number | null;
}

/** A client of a round as it went. */
export interface RanClient extends PlannedClient {
  /** Undefined when it died before its end. */
  readonly outcome: Outcome | undefined;
  readonly firedFaults: number;
}

/** One round: operations that ran at the same time, and their calls in the order in which they came. */
export interface Round {
  readonly edits: readonly ClusterEdit[];
  readonly clients: readonly RanClient[];
  readonly calls: readonly RecordedCall[];
}

/** Picks which client goes on, of those that may; each number is its place in the round. */
export type Scheduler = (steppable: readonly number[]) => number;

/** What an exploration may be given besides its seed. */
export interface EngineOptions {
  /** Puts something between the clients and the datastore: a broken one, to test the explorer. */
  readonly wrap?: ((memory: MemoryDatastore) => Datastore) | undefined;
}

/** More steps than any round here needs; a round that takes them never ends. */
const MAX_STEPS = 100_000;

interface RunningClient {
  readonly plan: PlannedClient;
  readonly watched: WatchedClient;
  readonly injector: FaultInjector;
  readonly client: Client<Outcome>;
  steps: number;
  hasAnswered: boolean;
}

/** Runs rounds of operations on one cluster and checks the invariants all the way. */
export class Engine {
  readonly #watch: Watch;
  readonly #lock = new InterleavedLock();
  readonly #rounds: Round[] = [];
  readonly #store: Datastore;
  #steps = 0;
  /** Why the run cannot go on; undefined while it can. */
  stopped: string | undefined;

  constructor(
    private readonly cluster: Cluster,
    plan: ClusterPlan,
    options: EngineOptions = {},
  ) {
    const { datastore, release } = cluster;
    this.#watch = new Watch(datastore, plan.reserved, release.affinityTypes);
    this.#store = options.wrap?.(datastore) ?? datastore;
  }

  get rounds(): readonly Round[] {
    return this.#rounds;
  }

  /** Steps so far: calls, and takings and givings of the lock. */
  get steps(): number {
    return this.#steps;
  }

  get checks(): number {
    return this.#watch.checks;
  }

  /** What is left behind now; call it between rounds only. */
  leaks(): readonly Leak[] {
    return findLeaks(this.cluster.datastore, (address) => this.#watch.isHeld(address));
  }

  /**
   * Runs the operations of one round to their ends or deaths.
   *
   * @throws InvariantViolation at the first step after which something is not as it must be.
   */
  round(
    edits: readonly ClusterEdit[],
    planned: readonly PlannedClient[],
    choose: Scheduler,
  ): Round {
    for (const edit of edits) this.cluster.apply(edit);
    const calls: RecordedCall[] = [];
    const clients = planned.map((plan, number) => this.#start(plan, number, calls));
    for (const client of clients) this.#settle(client);
    const finish = (): Round => {
      const round = { edits, clients: clients.map(ranClient), calls };
      this.#rounds.push(round);
      return round;
    };
    try {
      this.#interleave(clients, choose, calls);
      for (const { value: block } of this.cluster.datastore.listBlocks()) checkBlock(block);
    } catch (error) {
      finish();
      throw error;
    }
    return finish();
  }

  #start(plan: PlannedClient, number: number, calls: RecordedCall[]): RunningClient {
    const { cluster } = this;
    const watched: WatchedClient = { operation: plan.operation, assigned: new Set() };
    const store = new WatchedDatastore(this.#store, cluster.datastore, this.#watch, watched);
    const injector = new FaultInjector(store, plan.faults, cluster.dialect);
    const caller = new DeadlineDatastore(injector, plan.deadline);
    const recorder = new Recorder(caller, calls, number);
    const client = new Client(operationSteps(cluster, caller, plan.operation), recorder);
    return { plan, watched, injector, client, steps: 0, hasAnswered: false };
  }

  #interleave(clients: readonly RunningClient[], choose: Scheduler, calls: RecordedCall[]): void {
    const isAlive = ({ plan, steps, client }: RunningClient) =>
      client.pending !== undefined && steps !== plan.diesAfter;
    for (let count = 0; ; count++) {
      const alive = [...clients.keys()].filter((number) => isAlive(clients[number]!));
      if (alive.length === 0) break;
      const steppable = alive.filter((number) => this.#lock.mayStep(clients[number]!.client));
      if (steppable.length === 0) {
        this.stopped = "a client died holding the lock: nobody else can go on";
        return;
      }
      if (count >= MAX_STEPS) {
        throw new InvariantViolation("every operation ends", `not after ${MAX_STEPS} steps`);
      }
      const number = choose(steppable);
      this.#step(clients[number]!, number, calls);
    }
  }

  #step(running: RunningClient, number: number, calls: RecordedCall[]): void {
    const { client } = running;
    const { pending } = client;
    if (pending instanceof LockRequest) calls.push([number, pending.action, "lock", "ok"]);
    this.#lock.beforeStep(client);
    running.steps++;
    this.#steps++;
    client.step();
    this.#settle(running);
  }

  #settle(running: RunningClient): void {
    const { result } = running.client;
    if (result === undefined || running.hasAnswered) return;
    running.hasAnswered = true;
    this.#watch.answered(running.watched, result);
  }
}

function ranClient({ plan, client, injector }: RunningClient): RanClient {
  return { ...plan, outcome: client.result, firedFaults: injector.firedCount };
}

/** `update block #1 answers conflict, after taking effect`. */
export function describeFault({ verb, kind, nth, error, afterEffect }: Fault): string {
  const effect = afterEffect ? "after taking effect" : "without effect";
  return `${verb} ${kind} #${nth} answers ${error}, ${effect}`;
}

/** `time is up in call 8, which takes effect`. */
export function describeDeadline({ afterCalls, lastTakesEffect }: Deadline): string {
  return `the caller's time is up in call ${afterCalls + 1}${lastTakesEffect ? ", which takes effect" : ""}`;
}

/** A round in words, a line each: edits, operations, calls, answers. */
export function describeRound(round: Round): string[] {
  const lines = round.edits.map(describeEdit);
  for (const [number, client] of round.clients.entries()) {
    const fate = [
      ...client.faults.map(describeFault),
      ...(client.deadline === null ? [] : [describeDeadline(client.deadline)]),
      ...(client.diesAfter === null ? [] : [`dies after ${client.diesAfter} steps`]),
    ];
    const befalls = fate.length === 0 ? "" : ` [${fate.join("; ")}]`;
    lines.push(`client ${number}: ${describeOperation(client.operation)}${befalls}`);
  }
  for (const [client, verb, object, outcome, count] of round.calls) {
    lines.push(
      `  ${client}  ${verb} ${object}: ${outcome}${count === undefined ? "" : ` (${count})`}`,
    );
  }
  for (const [number, { outcome, diesAfter }] of round.clients.entries()) {
    const none = diesAfter === null ? "did not end" : "died";
    const answer = outcome === undefined ? none : describeOutcome(outcome);
    lines.push(`client ${number}: ${answer}`);
  }
  return lines;
}
