import { API_CODES, verbOfCode } from "./api-request.js";
import type { Distribution } from "./latency.js";

/** A client that waits for the server to have room. */
export interface ServerClient {
  /** The server has room now and starts on the client's request. */
  slotGranted(): void;
}

/** How long requests take at an unburdened server. */
export interface ServiceTimes {
  /** By request code (see `apiCode`). */
  readonly byCode: readonly Distribution[];
  /** Added for each object that a list reads, by request code. */
  readonly perObjectUs: readonly number[];
}

/** Service times that depend on whether a request reads or writes, and on nothing else. */
export function byKindOfWork(reads: Distribution, writes: Distribution): ServiceTimes {
  const byCode = Array.from({ length: API_CODES }, (_, code) => {
    const verb = verbOfCode(code);
    return verb === "GET" || verb === "LIST" ? reads : writes;
  });
  return { byCode, perObjectUs: new Array<number>(API_CODES).fill(0) };
}

/**
 * The server that all processes of the cluster share: how long a request takes, how many are worked on
 * at a time, and what it refuses. It knows nothing of objects; a request's effect is its caller's.
 */
export class ApiServer {
  #inFlight = 0;
  #first = 0;
  #waiting: ServerClient[] = [];
  /** Requests that arrived, by code. */
  readonly counts = new Float64Array(API_CODES);
  /** Factor on every service time; brown-outs change it. */
  slowdown = 1;
  /** Nothing answers: connections are refused. */
  isDown = false;
  inFlightPeak = 0;
  queuePeak = 0;

  /** @param maxInFlight requests worked on at a time; the rest wait in order of arrival. */
  constructor(
    private readonly times: ServiceTimes,
    private readonly random: () => number,
    private readonly maxInFlight = Infinity,
  ) {}

  get queueLength(): number {
    return this.#waiting.length - this.#first;
  }

  /** Requests that have arrived. */
  get requests(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** A request arrives. Whether it is worked on now; otherwise `slotGranted` follows. */
  arrive(code: number, client: ServerClient): boolean {
    this.counts[code]!++;
    if (this.#inFlight < this.maxInFlight) {
      if (++this.#inFlight > this.inFlightPeak) this.inFlightPeak = this.#inFlight;
      return true;
    }
    this.#waiting.push(client);
    const length = this.queueLength;
    if (length > this.queuePeak) this.queuePeak = length;
    return false;
  }

  /** A request that is worked on whether there is room or not. */
  arriveAnyway(code: number): void {
    this.counts[code]!++;
    if (++this.#inFlight > this.inFlightPeak) this.inFlightPeak = this.#inFlight;
  }

  /** Whole microseconds for one request that is worked on from now. */
  serviceUs(code: number, objects: number): number {
    const sample = this.times.byCode[code]!.sampleUs(this.random);
    const us = (sample + objects * this.times.perObjectUs[code]!) * this.slowdown;
    return Math.max(1, Math.round(us));
  }

  /** A request is done, also when its caller no longer waits for it. */
  leave(): void {
    this.#inFlight--;
    while (this.#first < this.#waiting.length && this.#inFlight < this.maxInFlight) {
      const next = this.#waiting[this.#first]!;
      this.#first++;
      if (this.#first > 1024 && this.#first * 2 > this.#waiting.length) {
        this.#waiting = this.#waiting.slice(this.#first);
        this.#first = 0;
      }
      this.#inFlight++;
      next.slotGranted();
    }
  }
}
