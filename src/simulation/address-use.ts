import type { CallRecord } from "../datastore/call-record.js";
import type { LatencyHistogram } from "../metrics/latency-histogram.js";
import type { AddressNumber } from "../model/address.js";
import { HeldAddresses } from "./checks/held-addresses.js";

/** The addresses that pods hold, and how long one was free before it was given out again. */
export class AddressUse extends HeldAddresses {
  /** When each free address that was in use before was released. */
  readonly #releasedUs = new Map<AddressNumber, number>();

  /**
   * @param reuse counts the times from release to the next assignment.
   * @param record takes note of every address given out.
   */
  constructor(
    private readonly reuse: LatencyHistogram,
    private readonly record: CallRecord | undefined,
  ) {
    super();
  }

  /** A pod gets an address. Throws as `take` does. */
  assign(address: AddressNumber, pod: string, timeUs: number): void {
    this.take(address, pod);
    this.record?.noteAddress(address);
    const releasedUs = this.#releasedUs.get(address);
    if (releasedUs !== undefined) this.reuse.record(timeUs - releasedUs);
  }

  /** A pod gives an address back. */
  release(address: AddressNumber, timeUs: number): void {
    this.give(address);
    this.#releasedUs.set(address, timeUs);
  }
}
