import { createHmac } from "node:crypto";
import { type AddressNumber, formatAddress, parseAddress } from "../../model/address.js";
import { Cidr } from "../../model/cidr.js";

/**
 * Bits that are changed, by IP version. Those before stay, so that a private network stays one; those
 * behind are an address's place in its block, which tells nothing and decides which one is next.
 */
const CHANGED_BITS = { 4: [8, 24], 6: [8, 64] } as const;

/**
 * Other addresses for those of a cluster, one for one: two that begin with the same bits still do
 * (as Crypto-PAn does it), so pools contain the blocks that they contained. Who does not have the key
 * cannot go back.
 */
export class AddressMap {
  readonly #masks = new Map<string, bigint>();

  constructor(private readonly key: Uint8Array) {}

  address(address: AddressNumber): AddressNumber {
    return this.#base(address, typeof address === "number" ? 32 : 128);
  }

  cidr(cidr: Cidr): Cidr {
    return Cidr.containing(this.#base(cidr.base, cidr.prefix), cidr.prefix);
  }

  /** Of a network or an address as text; other text stays. */
  text(text: string): string {
    const cidr = Cidr.parse(text.trim());
    if (cidr !== undefined) return this.cidr(cidr).text;
    const address = parseAddress(text.trim());
    return address === undefined ? text : formatAddress(this.address(address));
  }

  /** The address with the bits before the prefix length changed. */
  #base(address: AddressNumber, prefix: number): AddressNumber {
    const version = typeof address === "number" ? 4 : 6;
    const width = version === 4 ? 32 : 128;
    const [from, to] = CHANGED_BITS[version];
    const last = Math.min(to, prefix);
    if (last <= from) return address;
    const bits = BigInt(address);
    const head = bits >> BigInt(width - last);
    const key = `${version} ${last} ${head}`;
    let mask = this.#masks.get(key);
    if (mask === undefined) {
      mask = this.#mask(bits, { version, width, from, to: last });
      this.#masks.set(key, mask);
    }
    const changed = bits ^ mask;
    return version === 4 ? Number(changed) : changed;
  }

  /** Whether a bit is turned over depends on the key and on all bits before it. */
  #mask(
    bits: bigint,
    { version, width, from, to }: { version: number; width: number; from: number; to: number },
  ): bigint {
    let mask = 0n;
    for (let bit = from; bit < to; bit++) {
      const before = bits >> BigInt(width - bit);
      const digest = createHmac("sha256", this.key).update(`${version} ${bit} ${before}`).digest();
      if ((digest[0]! & 1) === 1) mask |= 1n << BigInt(width - 1 - bit);
    }
    return mask;
  }
}
