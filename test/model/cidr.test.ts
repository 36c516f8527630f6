import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { describe, expect, test } from "vitest";
import {
  type AddressNumber,
  addressBits,
  formatAddress,
  parseAddress,
  versionOf,
} from "../../src/model/address.js";
import { Cidr } from "../../src/model/cidr.js";

const address: fc.Arbitrary<AddressNumber> = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).filter((value) => value >> 32n !== 0xffffn),
);
const placed = address.chain((value) =>
  fc.record({ value: fc.constant(value), prefix: fc.nat(addressBits(versionOf(value))) }),
);
/** Two networks that often overlap: of one version, near each other. */
const twoNetworks = fc
  .record({ a: placed, prefix: fc.nat(128), flippedBit: fc.nat(127) })
  .map(({ a, prefix, flippedBit }) => {
    const width = addressBits(versionOf(a.value));
    const flip = 1n << BigInt(flippedBit % width);
    const near = typeof a.value === "bigint" ? a.value ^ flip : Number(BigInt(a.value) ^ flip);
    return [
      Cidr.containing(a.value, a.prefix),
      Cidr.containing(near, prefix % (width + 1)),
    ] as const;
  });

/** First and last address, in bigint arithmetic. */
function bounds(cidr: Cidr): [bigint, bigint] {
  const base = BigInt(cidr.base);
  return [base, base + (1n << BigInt(addressBits(cidr.version) - cidr.prefix)) - 1n];
}

describe("Cidr.parse", () => {
  test.each<[string, string, AddressNumber, number]>([
    ["10.0.0.0/26", "10.0.0.0/26", 0x0a000000, 26],
    ["10.0.0.77/26", "10.0.0.64/26", 0x0a000040, 26],
    ["10.1.2.3/0", "0.0.0.0/0", 0, 0],
    ["255.255.255.255/1", "128.0.0.0/1", 2 ** 31, 1],
    ["255.255.255.255/32", "255.255.255.255/32", 2 ** 32 - 1, 32],
    ["fd00::1/122", "fd00::/122", 0xfdn << 120n, 122],
    ["FD00:0::FFFF/128", "fd00::ffff/128", (0xfdn << 120n) + 0xffffn, 128],
    ["ffff::/0", "::/0", 0n, 0],
  ])("reads %s as %s", (given, text, base, prefix) => {
    const cidr = Cidr.parse(given);
    expect(cidr?.text).toBe(text);
    expect(cidr?.base).toBe(base);
    expect(cidr?.prefix).toBe(prefix);
    expect(cidr?.version).toBe(versionOf(base));
    expect(Cidr.of(given).text).toBe(text);
  });

  test.each([
    "",
    "/",
    "/24",
    "10.0.0.0",
    "10.0.0.0/",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/+8",
    "10.0.0.0/8.0",
    "10.0.0.0/1e1",
    "10.0.0.0/0x8",
    "10.0.0.0/ 8",
    "10.0.0.0 /8",
    "10.0.0.0/8\n",
    "10.0.0.0/8/8",
    "10.0.0.0/255.0.0.0",
    "10.0.0.0/1000",
    "10.1/16",
    "010.0.0.0/8",
    "0x7f.1/8",
    "1.2.3.4.5/8",
    "fd00::",
    "fd00::/129",
    "fe80::%eth0/64",
    "fe80::/64%eth0",
    "fe80::1%1/64",
  ])("refuses %j", (text) => {
    expect(Cidr.parse(text)).toBeUndefined();
    expect(() => Cidr.of(text)).toThrow(RangeError);
  });

  test("agrees with ipaddr.js on the network of an address", () => {
    fc.assert(
      fc.property(placed, ({ value, prefix }) => {
        const given = `${formatAddress(value)}/${prefix}`;
        const cidr = Cidr.parse(given)!;
        const reference =
          cidr.version === 4
            ? ipaddr.IPv4.networkAddressFromCIDR(given).toString()
            : ipaddr.IPv6.networkAddressFromCIDR(given).toRFC5952String();
        expect(cidr.text).toBe(`${reference}/${prefix}`);
      }),
      { numRuns: 1000 },
    );
  });

  test("reads its own text back", () => {
    fc.assert(
      fc.property(placed, ({ value, prefix }) => {
        const cidr = Cidr.containing(value, prefix);
        const again = Cidr.of(cidr.text);
        expect(again.base).toBe(cidr.base);
        expect(again.prefix).toBe(cidr.prefix);
        expect(again.toString()).toBe(cidr.text);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("contains, covers and overlaps", () => {
  test.each<[string, string, boolean]>([
    ["10.0.0.64/26", "10.0.0.64", true],
    ["10.0.0.64/26", "10.0.0.127", true],
    ["10.0.0.64/26", "10.0.0.63", false],
    ["10.0.0.64/26", "10.0.0.128", false],
    ["0.0.0.0/0", "255.255.255.255", true],
    ["0.0.0.0/0", "::1", false],
    ["::/0", "10.0.0.1", false],
    ["::/0", "ffff::", true],
    ["fd00::40/122", "fd00::7f", true],
    ["fd00::40/122", "fd00::80", false],
  ])("%s contains %s: %s", (cidr, contained, expected) => {
    expect(Cidr.of(cidr).contains(parseAddress(contained)!)).toBe(expected);
  });

  test("are what first and last addresses say", () => {
    fc.assert(
      fc.property(twoNetworks, ([a, b]) => {
        const [aFirst, aLast] = bounds(a);
        const [bFirst, bLast] = bounds(b);
        expect(a.contains(b.base)).toBe(aFirst <= bFirst && bFirst <= aLast);
        expect(a.covers(b)).toBe(aFirst <= bFirst && bLast <= aLast);
        expect(a.overlaps(b)).toBe(aFirst <= bLast && bFirst <= aLast);
        expect(b.overlaps(a)).toBe(a.overlaps(b));
      }),
      { numRuns: 2000 },
    );
  });

  test("agree with ipaddr.js", () => {
    fc.assert(
      fc.property(twoNetworks, ([a, b]) => {
        const other = ipaddr.parse(formatAddress(b.base));
        expect(a.contains(b.base)).toBe(other.match(ipaddr.parseCIDR(a.text)));
      }),
      { numRuns: 1000 },
    );
  });

  test("networks of different versions have nothing in common", () => {
    const [v4, v6] = [Cidr.of("0.0.0.0/0"), Cidr.of("::/0")];
    expect([v4.covers(v6), v6.covers(v4), v4.overlaps(v6), v6.overlaps(v4)]).toEqual(
      new Array(4).fill(false),
    );
  });
});

describe("size and ordinals", () => {
  test.each<[string, number]>([
    ["10.0.0.0/26", 64],
    ["10.0.0.0/32", 1],
    ["0.0.0.0/0", 2 ** 32],
    ["fd00::/122", 64],
    ["fd00::/75", 2 ** 53],
    ["::/0", 2 ** 128],
  ])("%s has %d addresses", (text, size) => {
    expect(Cidr.of(text).size).toBe(size);
  });

  test.each<[string, number, string]>([
    ["10.0.0.64/26", 0, "10.0.0.64"],
    ["10.0.0.64/26", 63, "10.0.0.127"],
    ["128.0.0.0/1", 2 ** 31 - 1, "255.255.255.255"],
    ["fd00::40/122", 63, "fd00::7f"],
  ])("%s has at %d %s", (text, ordinal, at) => {
    const cidr = Cidr.of(text);
    expect(formatAddress(cidr.addressAt(ordinal))).toBe(at);
    expect(cidr.ordinalOf(parseAddress(at)!)).toBe(ordinal);
  });

  test("an ordinal's address is in the network and has this ordinal", () => {
    fc.assert(
      fc.property(placed, fc.nat(2 ** 31 - 1), ({ value, prefix }, anyOrdinal) => {
        const cidr = Cidr.containing(value, prefix);
        const ordinal = anyOrdinal % Math.min(cidr.size, 2 ** 31);
        expect(cidr.contains(cidr.addressAt(ordinal))).toBe(true);
        expect(cidr.ordinalOf(cidr.addressAt(ordinal))).toBe(ordinal);
      }),
    );
  });
});
