import { type CalicoError, DatastoreError } from "../../model/calico-error.js";
import type { Activity, Kernel } from "../../simulation/kernel.js";
import { DatastoreRequest, getConfig, LockRequest, PodRequest, Sleep } from "../request.js";
import type { Response } from "../response.js";
import { type AffinityLookup, collectionPath, listPath, objectPath } from "../kubernetes-names.js";
import { podKey, type PodLookup } from "../../model/pod.js";
import { apiCode, codeOfStep, verbOfCode } from "./api-request.js";
import type { ApiServer, ServerClient } from "./api-server.js";
import { PlainRequests, type ProcessSteps } from "./process-steps.js";
import { statusOfStep } from "./step-status.js";
import { NEXT_STEP, type TimedStore } from "./timed-store.js";
import { type RateLimit, TokenBucket } from "./token-bucket.js";

/** Told when the process has ended by itself. */
export interface ProcessOwner<T> {
  processEnded(process: ClientProcess<T>, result: T): void;
}

/** A lock that processes of the whole cluster share (only the modelled pre-3.28.4). */
export interface SharedLock {
  /** Whether the process has the lock now; otherwise `resume` follows. */
  acquire(process: ClientProcess<unknown>): boolean;
  release(process: ClientProcess<unknown>): void;
}

/** Sees what a process does, for recordings and explanations. Nothing is told when there is none. */
export interface ProcessWitness {
  /** A request is answered, or failed with the error's text and without a status. */
  request(
    process: ClientProcess<unknown>,
    method: string,
    path: string,
    status: number | string,
    limiterWaitUs: number,
    durationUs: number,
    /** When it left the limiter; requests outside IPAM are told of before they are answered. */
    sentUs: number,
  ): void;
}

/** Sees every datastore call with its answer. */
export interface CallWitness {
  callAnswered(request: DatastoreRequest, response: Response): void;
}

/** What all processes of a simulation share. */
export interface ProcessSurroundings {
  readonly kernel: Kernel;
  readonly server: ApiServer;
  readonly store: TimedStore;
  /** Where the API server is, as error texts show it: `https://10.96.0.1:443`. */
  readonly serverUrl: string;
  readonly affinityLookup: AffinityLookup;
  readonly sharedLock: SharedLock | null;
  readonly calls: CallWitness | null;
  /** The pods of the cluster as the API server has them. */
  readonly lookUpPod: (podKey: string) => PodLookup;
}

const POD_GET = apiCode("GET", "pods");

const ENDED_TEXT = "context deadline exceeded";
const REFUSED_TEXT = "connect: connection refused";
const LIMITER_TEXT = "client rate limiter Wait returned an error:";

/** Time that undoing a handle count has at least, whatever the caller has left (since v3.29.7). */
const CLEANUP_US = 30_000_000;

/** A call that is not answered yet. */
const PENDING = Symbol("pending");

const enum State {
  Idle,
  WaitingForLimiter,
  WaitingForServer,
  WaitingForAnswer,
  /** The answer will come after the caller's deadline; waiting for the deadline. */
  WaitingForDeadline,
  WaitingForPlainAnswers,
  Sleeping,
  Suspended,
  Ended,
}

/** A request that its caller gave up on; the server does it all the same. */
class AbandonedRequest implements Activity {
  constructor(
    private readonly surroundings: ProcessSurroundings,
    private readonly request: DatastoreRequest,
    private readonly step: number,
  ) {}

  wake(): void {
    this.surroundings.server.leave();
    this.surroundings.store.perform(this.request, this.step);
  }
}

/** Ends the wait for a busy server when the caller's deadline passes. */
class QueueDeadline implements Activity {
  constructor(
    private readonly process: ClientProcess<unknown>,
    private readonly call: number,
  ) {}

  wake(): void {
    this.process.queueDeadlinePassed(this.call);
  }
}

/**
 * One process of the simulated cluster with clients of its own: performs steps, each request in its
 * time. A request waits for the client's limiter, then for room at the server, then for its service
 * time; at the end of that its effect happens and the answer is there. A caller whose deadline passes
 * before gets Go's error text at the deadline, and the effect happens all the same, as in the
 * recorded burst in which an address stayed allocated that nobody got.
 *
 * A process is one activity of the kernel and has at most one wake that counts.
 */
export class ClientProcess<T> implements Activity, ServerClient, CallContextLike {
  #state = State.Idle;
  #steps: ProcessSteps<T> | undefined;
  #request: DatastoreRequest = getConfig();
  #step = 0;
  #pages = 1;
  #code = 0;
  #callDeadlineUs = Infinity;
  #cleanupDeadlineUs = Infinity;
  #isCleaningUp = false;
  #call = 0;
  #sentUs = 0;
  #stepLimiterWaitUs = 0;
  /** The pod that is being looked up. */
  #pod: PodRequest | null = null;
  readonly #crdBucket: TokenBucket;
  readonly #coreBucket: TokenBucket;
  /** The process was killed; what it sent before still happens. */
  #isDead = false;

  /** When the caller's time is up; Infinity when it has no timer. */
  deadlineUs = Infinity;
  /** Time spent waiting for the client's own limiter, and for the server. */
  limiterWaitUs = 0;
  datastoreUs = 0;
  /** API requests sent. */
  requests = 0;
  /** Datastore calls made. */
  calls = 0;

  constructor(
    protected readonly surroundings: ProcessSurroundings,
    private readonly owner: ProcessOwner<T>,
    limit: RateLimit,
    readonly windows = false,
    private readonly witness: ProcessWitness | null = null,
  ) {
    this.#crdBucket = new TokenBucket(limit);
    this.#coreBucket = new TokenBucket(limit);
  }

  /** Starts the process; its first steps are done at once. */
  start(steps: ProcessSteps<T>): void {
    this.#steps = steps;
    this.#advance(undefined);
  }

  get nowUs(): number {
    return this.surroundings.kernel.nowUs;
  }

  /** The error of the ended context; undefined while it goes on. */
  ended(): CalicoError | undefined {
    return this.deadlineUs <= this.nowUs ? new DatastoreError(ENDED_TEXT) : undefined;
  }

  /** Wakes a suspended process after some time. */
  resume(afterUs: number): void {
    this.surroundings.kernel.schedule(this.nowUs + afterUs, this);
  }

  /** Ends the process at once. Its steps are not told: nothing of a killed process runs. */
  kill(): void {
    this.#isDead = true;
  }

  wake(): void {
    const state = this.#state;
    if (this.#isDead) {
      this.#wakeDead(state);
      return;
    }
    switch (state) {
      case State.WaitingForLimiter:
        this.#go(this.#dispatch());
        return;
      case State.WaitingForAnswer:
        this.surroundings.server.leave();
        this.#go(this.#answered());
        return;
      case State.WaitingForDeadline:
        this.#go(this.#failed(this.#lateText()));
        return;
      case State.WaitingForPlainAnswers:
        this.surroundings.server.leave();
        this.#advance(this.#podAnswer());
        return;
      default:
        this.#advance(undefined);
    }
  }

  /** The server is free for a request that waited for it. */
  slotGranted(): void {
    if (this.#isDead || this.#state !== State.WaitingForServer) {
      this.surroundings.server.leave();
      return;
    }
    this.#serve();
  }

  queueDeadlinePassed(call: number): void {
    if (this.#isDead || call !== this.#call || this.#state !== State.WaitingForServer) return;
    this.#state = State.WaitingForDeadline;
    this.#go(this.#failed(this.#lateText()));
  }

  #wakeDead(state: State): void {
    if (state === State.WaitingForAnswer) {
      this.surroundings.server.leave();
      this.surroundings.store.perform(this.#request, this.#step);
    } else if (state === State.WaitingForPlainAnswers) this.surroundings.server.leave();
    this.#end();
  }

  /** Whoever still knows the process must not keep alive the versions of objects that it has read. */
  #end(): void {
    this.#state = State.Ended;
    this.#steps = undefined;
    this.#request = getConfig();
  }

  #go(response: Response | typeof PENDING): void {
    if (response === PENDING) return;
    this.surroundings.calls?.callAnswered(this.#request, response);
    this.#advance(response);
  }

  #advance(first: Response): void {
    let input = first;
    const steps = this.#steps!;
    for (;;) {
      const next = steps.next(input);
      if (next.done) {
        this.#end();
        this.owner.processEnded(this, next.value);
        return;
      }
      const effect = next.value;
      if (effect instanceof DatastoreRequest) {
        this.calls++;
        const response = this.#begin(effect);
        if (response === PENDING) return;
        this.surroundings.calls?.callAnswered(effect, response);
        input = response;
        continue;
      }
      if (effect instanceof LockRequest) {
        if (!this.#lock(effect)) return;
      } else if (effect instanceof Sleep) {
        this.#state = State.Sleeping;
        const untilUs = this.nowUs + Math.round(effect.durationMs * 1000);
        this.surroundings.kernel.schedule(untilUs, this);
        return;
      } else if (effect instanceof PlainRequests) {
        const failed = this.#beginPlain(effect);
        if (failed === undefined) return;
        input = failed;
        continue;
      } else if (effect instanceof PodRequest) {
        if (this.#beginPod(effect)) return;
        input = "failed";
        continue;
      } else {
        this.#state = State.Suspended;
        return;
      }
      input = undefined;
    }
  }

  /** Whether the process goes on at once. */
  #lock(effect: LockRequest): boolean {
    const lock = this.surroundings.sharedLock;
    if (lock === null) return true;
    if (effect.action === "release") {
      lock.release(this);
      return true;
    }
    if (lock.acquire(this)) return true;
    this.#state = State.Suspended;
    return false;
  }

  #begin(request: DatastoreRequest): Response | typeof PENDING {
    // The host object of old etcd installations is "not supported" on Kubernetes, without a request.
    if (request.kind === "ipamHost" && this.surroundings.store.hasClientLimits) {
      return this.surroundings.store.perform(request, 0) as Response;
    }
    this.#request = request;
    this.#call++;
    this.#step = 0;
    if (request.context !== "cleanup") this.#isCleaningUp = false;
    if (request.context === "caller") this.#callDeadlineUs = this.deadlineUs;
    else if (request.context === "background") this.#callDeadlineUs = Infinity;
    else {
      if (!this.#isCleaningUp) {
        this.#isCleaningUp = true;
        this.#cleanupDeadlineUs = Math.max(this.deadlineUs, this.nowUs + CLEANUP_US);
      }
      this.#callDeadlineUs = this.#cleanupDeadlineUs;
    }
    return this.#sendStep();
  }

  /** Sends the current step of the current call. */
  #sendStep(): Response | typeof PENDING {
    const { nowUs } = this;
    const { store } = this.surroundings;
    const deadlineUs = this.#callDeadlineUs;
    const request = this.#request;
    this.#code = codeOfStep(request.verb, request.kind, this.#step);
    this.#stepLimiterWaitUs = 0;
    this.#sentUs = nowUs;
    if (!store.hasClientLimits) {
      return deadlineUs <= nowUs ? this.#failed(ENDED_TEXT) : this.#dispatch();
    }
    if (deadlineUs <= nowUs) {
      // Lists go through client-go's pager, which looks at the context before the limiter does.
      const isList = request.verb === "list";
      return this.#failed(isList ? ENDED_TEXT : `${LIMITER_TEXT} ${ENDED_TEXT}`);
    }
    const bucket = request.kind === "node" ? this.#coreBucket : this.#crdBucket;
    const waitUs = bucket.reserve(nowUs, deadlineUs);
    if (waitUs === undefined) {
      return this.#failed(`${LIMITER_TEXT} rate: Wait(n=1) would exceed context deadline`);
    }
    if (waitUs === 0) return this.#dispatch();
    this.#stepLimiterWaitUs = waitUs;
    this.limiterWaitUs += waitUs;
    this.#state = State.WaitingForLimiter;
    this.surroundings.kernel.schedule(nowUs + waitUs, this);
    return PENDING;
  }

  /** Hands the step to the server. */
  #dispatch(): Response | typeof PENDING {
    const { server, kernel } = this.surroundings;
    this.#sentUs = this.nowUs;
    this.requests++;
    if (server.isDown) return this.#failed(this.#transportText(REFUSED_TEXT));
    if (server.arrive(this.#code, this)) {
      this.#serve();
      return PENDING;
    }
    this.#state = State.WaitingForServer;
    if (this.#callDeadlineUs !== Infinity) {
      kernel.schedule(this.#callDeadlineUs, new QueueDeadline(this, this.#call));
    }
    return PENDING;
  }

  #serve(): void {
    const { server, store, kernel } = this.surroundings;
    const { nowUs } = this;
    const request = this.#request;
    let objects = 0;
    if (request.verb === "list") {
      if (this.#step === 0) this.#pages = store.pagesOf(request);
      objects = store.objectsOfPage(request, this.#step);
    }
    const answerUs = nowUs + server.serviceUs(this.#code, objects);
    if (answerUs <= this.#callDeadlineUs) {
      this.#state = State.WaitingForAnswer;
      kernel.schedule(answerUs, this);
      return;
    }
    this.#state = State.WaitingForDeadline;
    kernel.schedule(Math.max(nowUs, this.#callDeadlineUs), this);
    kernel.schedule(answerUs, new AbandonedRequest(this.surroundings, request, this.#step));
  }

  /** The current step's effect and answer. */
  #answered(): Response | typeof PENDING {
    const durationUs = this.nowUs - this.#sentUs;
    this.datastoreUs += durationUs;
    const request = this.#request;
    if (request.verb === "list" && this.#step + 1 < this.#pages) {
      this.#tell(200, durationUs);
      this.#step++;
      return this.#sendStep();
    }
    const outcome = this.surroundings.store.perform(request, this.#step);
    if (this.witness !== null) this.#tell(statusOfStep(request, this.#step, outcome), durationUs);
    if (outcome !== NEXT_STEP) return outcome;
    this.#step++;
    return this.#sendStep();
  }

  #failed(text: string): Response {
    const durationUs = this.nowUs - this.#sentUs;
    this.datastoreUs += durationUs;
    this.#tell(text, durationUs);
    return new DatastoreError(text);
  }

  #tell(status: number | string, durationUs: number): void {
    if (this.witness === null) return;
    const verb = verbOfCode(this.#code);
    const method = verb === "LIST" ? "GET" : verb;
    const waitUs = this.#stepLimiterWaitUs;
    this.witness.request(this, method, this.#path(), status, waitUs, durationUs, this.#sentUs);
  }

  /** Path of the current step. */
  #path(): string {
    const request = this.#request;
    const verb = verbOfCode(this.#code);
    if (verb === "POST") return collectionPath(request);
    if (verb !== "LIST") return objectPath(request, verb === "PUT");
    return listPath(request, this.#step, this.surroundings.affinityLookup);
  }

  #lateText(): string {
    return this.surroundings.store.hasClientLimits ? this.#transportText(ENDED_TEXT) : ENDED_TEXT;
  }

  /** Go's wording of a request that failed on its way: `Get "https://…": …`. */
  #transportText(why: string): string {
    const verb = verbOfCode(this.#code);
    const method = verb === "LIST" ? "GET" : verb;
    const path = this.#path();
    const below = path.startsWith("/") ? path : `/apis/crd.projectcalico.org/v1/${path}`;
    const named = method.charAt(0) + method.slice(1).toLowerCase();
    return `${named} "${this.surroundings.serverUrl}${below}": ${why}`;
  }

  /** Whether the request is under way. */
  #beginPod(pod: PodRequest): boolean {
    const path = `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}`;
    const failed = this.#beginPlain(new PlainRequests([POD_GET], () => path));
    if (failed === undefined) this.#pod = pod;
    return failed === undefined;
  }

  #podAnswer(): PodLookup | undefined {
    const pod = this.#pod;
    if (pod === null) return undefined;
    this.#pod = null;
    return this.surroundings.lookUpPod(podKey(pod.namespace, pod.name));
  }

  /** The error when nothing answers. */
  #beginPlain(plain: PlainRequests): DatastoreError | undefined {
    const { server, kernel } = this.surroundings;
    const { nowUs } = this;
    if (server.isDown) {
      const url = `${this.surroundings.serverUrl}${plain.pathOf(0)}`;
      return new DatastoreError(`Get "${url}": ${REFUSED_TEXT}`);
    }
    let totalUs = 0;
    plain.codes.forEach((code, i) => {
      const us = server.serviceUs(code, 0);
      if (i > 0) server.counts[code]!++;
      const verb = verbOfCode(code);
      this.witness?.request(this, verb, plain.pathOf(i), plain.status, 0, us, nowUs + totalUs);
      totalUs += us;
    });
    // Plain requests take one place at the server, whether it is full or not.
    server.arriveAnyway(plain.codes[0]!);
    this.requests += plain.codes.length;
    this.datastoreUs += totalUs;
    this.#state = State.WaitingForPlainAnswers;
    kernel.schedule(nowUs + totalUs, this);
    return undefined;
  }
}

/** What the process is to an operation (see `CallContext` of the protocol). */
interface CallContextLike {
  ended(): CalicoError | undefined;
  readonly windows: boolean;
}
