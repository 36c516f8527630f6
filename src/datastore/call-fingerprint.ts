import type { AddressNumber } from "../model/address.js";
import { CalicoError } from "../model/calico-error.js";
import type { CallRecord } from "./call-record.js";
import type { DatastoreRequest, Kind, Verb } from "./request.js";
import type { Response } from "./response.js";

const VERBS: Readonly<Record<Verb, number>> = {
  get: 1,
  list: 2,
  create: 3,
  update: 4,
  delete: 5,
  apply: 6,
};

const KINDS: Readonly<Record<Kind, number>> = {
  node: 10,
  pool: 20,
  reservation: 30,
  config: 40,
  block: 50,
  affinity: 60,
  handle: 70,
  ipamHost: 80,
};

const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, "0");

/**
 * A running hash of datastore calls in their order (verb, object, expected revision, outcome) and of
 * the addresses that were given out: two runs with the same fingerprint did the same, call by call.
 * 64 bits, so two different runs look alike once in 10^19; nothing is secret about it.
 */
export class CallFingerprint implements CallRecord {
  #calls = 0;
  #addresses = 0;
  #a = 0x2545f491;
  #b = 0x9e3779b9;

  /** Calls noted so far. */
  get calls(): number {
    return this.#calls;
  }

  /** Addresses given out that were noted so far. */
  get addresses(): number {
    return this.#addresses;
  }

  noteCall(request: DatastoreRequest, response: Response): void {
    this.#calls++;
    this.#mix(VERBS[request.verb] + KINDS[request.kind]);
    if (request.name !== "") this.#mixText(request.name);
    if (request.cidr !== null) {
      this.#mixAddress(request.cidr.base);
      this.#mix(request.cidr.prefix);
    }
    if (request.owner !== null) this.#mixText(request.owner.host);
    this.#mix(request.version);
    this.#mix(request.revision);
    if (response instanceof CalicoError) this.#mixText(response.kind);
    // What a list of blocks holds follows from the writes before it, and counting it may be dear.
    else if (Array.isArray(response)) this.#mix(response.length);
  }

  noteAddress(address: AddressNumber): void {
    this.#addresses++;
    this.#mixAddress(address);
  }

  /** The hash so far, 16 hexadecimal digits. */
  digest(): string {
    return hex(this.#a) + hex(this.#b);
  }

  #mix(value: number): void {
    // Numbers above 32 bits do not occur but in revisions of very long runs.
    const word = value | 0;
    this.#a = Math.imul(this.#a ^ word, 0x85ebca6b);
    this.#a ^= this.#a >>> 13;
    this.#b = Math.imul(this.#b ^ word, 0xc2b2ae35);
    this.#b = (this.#b << 15) | (this.#b >>> 17);
  }

  #mixText(text: string): void {
    let a = this.#a ^ text.length;
    let b = this.#b;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      a = Math.imul(a ^ code, 0x01000193);
      b = Math.imul(b + code, 0x5bd1e995);
    }
    this.#a = a ^ (a >>> 15);
    this.#b = b ^ (b >>> 11);
  }

  #mixAddress(address: AddressNumber): void {
    if (typeof address === "number") this.#mix(address);
    else this.#mixText(address.toString(16));
  }
}
