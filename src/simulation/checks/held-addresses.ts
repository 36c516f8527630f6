import { InvariantViolation } from "../../failure/failure.js";
import { type AddressNumber, formatAddress } from "../../model/address.js";

/** Watches that no address is held by two pods at a time. */
export class HeldAddresses {
  readonly #holders = new Map<AddressNumber, string>();

  /** @throws InvariantViolation when another pod holds the address. */
  take(address: AddressNumber, pod: string): void {
    const holder = this.#holders.get(address);
    if (holder !== undefined) {
      const detail = `${formatAddress(address)} was given to ${pod} while ${holder} holds it`;
      throw new InvariantViolation("no address is held twice", detail);
    }
    this.#holders.set(address, pod);
  }

  give(address: AddressNumber): void {
    this.#holders.delete(address);
  }

  get count(): number {
    return this.#holders.size;
  }
}
