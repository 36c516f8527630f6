import { InvariantViolation } from "../../failure/failure.js";
import { type AddressNumber, formatAddress } from "../../model/address.js";

/** Watches that no address is held by two pods at a time. */
export class HeldAddresses {
  readonly #holders = new Map<AddressNumber, string>();
  /** By address, how many hold it besides the first; undefined while that cannot be. */
  #others: Map<AddressNumber, number> | undefined;
  #duplicates = 0;

  /** From now on an address that is given out twice is counted, not refused. */
  countDuplicates(): void {
    this.#others ??= new Map();
  }

  /** How often an address was given out while another held it. */
  get duplicates(): number {
    return this.#duplicates;
  }

  /** @throws InvariantViolation when another pod holds the address, unless duplicates are counted. */
  take(address: AddressNumber, pod: string): void {
    const holder = this.#holders.get(address);
    if (holder !== undefined && this.#others !== undefined) {
      this.#duplicates++;
      this.#others.set(address, (this.#others.get(address) ?? 0) + 1);
      return;
    }
    if (holder !== undefined) {
      const detail = `${formatAddress(address)} was given to ${pod} while ${holder} holds it`;
      throw new InvariantViolation("no address is held twice", detail);
    }
    this.#holders.set(address, pod);
  }

  give(address: AddressNumber): void {
    const others = this.#others?.get(address) ?? 0;
    if (others > 0) {
      this.#others!.set(address, others - 1);
      return;
    }
    this.#holders.delete(address);
  }

  get count(): number {
    return this.#holders.size;
  }
}
