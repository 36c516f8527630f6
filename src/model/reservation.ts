import { type AddressNumber, addressBits, parseAddress, versionOf } from "./address.js";
import { Cidr } from "./cidr.js";

/** An IPReservation object: networks or single addresses that AutoAssign must not give out. */
export interface Reservation {
  readonly name: string;
  readonly cidrs: readonly string[];
}

/** The union of all reservations (`libcalico-go/lib/ipam/reserved.go@v3.28.4`). */
export class ReservedAddresses {
  /** Reserves nothing. */
  static readonly none = new ReservedAddresses([]);

  private constructor(private readonly cidrs: readonly Cidr[]) {}

  /**
   * Reads reservations; text is trimmed and empty entries are skipped. Returns the text of the first
   * entry that is neither a network nor an address: the real process panics on it.
   */
  static read(reservations: Iterable<Reservation>): ReservedAddresses | { unreadable: string } {
    const cidrs: Cidr[] = [];
    for (const reservation of reservations) {
      for (const entry of reservation.cidrs) {
        const text = entry.trim();
        if (text === "") continue;
        const address = parseAddress(text);
        const cidr =
          address === undefined
            ? Cidr.parse(text)
            : Cidr.containing(address, addressBits(versionOf(address)));
        if (cidr === undefined) return { unreadable: entry };
        cidrs.push(cidr);
      }
    }
    return cidrs.length === 0 ? ReservedAddresses.none : new ReservedAddresses(cidrs);
  }

  get isEmpty(): boolean {
    return this.cidrs.length === 0;
  }

  has(address: AddressNumber): boolean {
    return this.cidrs.some((cidr) => cidr.contains(address));
  }

  overlaps(block: Cidr): boolean {
    return this.cidrs.some((cidr) => cidr.overlaps(block));
  }

  /**
   * Whether the whole block is reserved: one entry contains it, or the entries that start inside it,
   * without those contained in a larger one, add up to its size.
   */
  coversWhole(block: Cidr): boolean {
    if (this.cidrs.length === 0) return false;
    if (this.cidrs.some((cidr) => cidr.covers(block))) return true;
    const inside = this.cidrs.filter((cidr) => block.contains(cidr.base));
    const outermost = inside.filter(
      (cidr, i) =>
        !inside.some(
          (other, j) => i !== j && other.covers(cidr) && (other.prefix < cidr.prefix || j < i),
        ),
    );
    return outermost.reduce((sum, cidr) => sum + cidr.size, 0) === block.size;
  }
}
