import {
  type AddressNumber,
  addressBits,
  formatAddress,
  type IpVersion,
  parseAddress,
  versionOf,
} from "./address.js";

function maskIpv4(address: number, prefix: number): number {
  return prefix === 0 ? 0 : (address & (-1 << (32 - prefix))) >>> 0;
}

function maskAddress(address: AddressNumber, prefix: number): AddressNumber {
  if (typeof address === "number") return maskIpv4(address, prefix);
  const hostBits = BigInt(128 - prefix);
  return (address >> hostBits) << hostBits;
}

/**
 * A network: base address with all host bits zero, and a prefix length. Immutable. Two Cidrs are
 * the same network exactly when their `text` is equal.
 */
export class Cidr {
  readonly version: IpVersion;
  #text: string | undefined;

  private constructor(
    /** Base address, host bits zero. */
    readonly base: AddressNumber,
    /** Prefix length, 0 to 32 or 0 to 128. */
    readonly prefix: number,
  ) {
    this.version = versionOf(base);
  }

  /** The network of this prefix length that contains the address. */
  static containing(address: AddressNumber, prefix: number): Cidr {
    return new Cidr(maskAddress(address, prefix), prefix);
  }

  /**
   * Reads `address/prefix`; host bits are masked away, as Go's `net.ParseCIDR` does. A bare address
   * is refused. Returns undefined when the text is not a network.
   */
  static parse(text: string): Cidr | undefined {
    const slash = text.indexOf("/");
    if (slash < 0) return undefined;
    const prefixText = text.slice(slash + 1);
    if (!/^(0|[1-9]\d{0,2})$/.test(prefixText)) return undefined;
    const address = parseAddress(text.slice(0, slash));
    if (address === undefined) return undefined;
    const prefix = Number(prefixText);
    if (prefix > addressBits(versionOf(address))) return undefined;
    return Cidr.containing(address, prefix);
  }

  /** Like `parse`, for text that the program itself made; throws RangeError when it is not a network. */
  static of(text: string): Cidr {
    const cidr = Cidr.parse(text);
    if (cidr === undefined) throw new RangeError(`not a network: ${text}`);
    return cidr;
  }

  /** `10.0.0.0/26`; the identity of the network. */
  get text(): string {
    return (this.#text ??= `${formatAddress(this.base)}/${this.prefix}`);
  }

  /** Number of addresses; exact up to 2^53, then the nearest double. */
  get size(): number {
    return 2 ** (addressBits(this.version) - this.prefix);
  }

  contains(address: AddressNumber): boolean {
    if (typeof address === "number") {
      return typeof this.base === "number" && maskIpv4(address, this.prefix) === this.base;
    }
    if (typeof this.base === "number") return false;
    const hostBits = BigInt(128 - this.prefix);
    return address >> hostBits === this.base >> hostBits;
  }

  /** Whether every address of the other network is in this one. */
  covers(other: Cidr): boolean {
    return this.prefix <= other.prefix && this.contains(other.base);
  }

  overlaps(other: Cidr): boolean {
    return this.covers(other) || other.covers(this);
  }

  /** The address at this ordinal (0 is the base address). */
  addressAt(ordinal: number): AddressNumber {
    return typeof this.base === "number" ? this.base + ordinal : this.base + BigInt(ordinal);
  }

  /** Ordinal of an address of this network. The caller makes sure that it is contained. */
  ordinalOf(address: AddressNumber): number {
    return typeof address === "number"
      ? address - (this.base as number)
      : Number(address - (this.base as bigint));
  }

  toString(): string {
    return this.text;
  }
}
