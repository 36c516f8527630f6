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

const ipv4 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const group = fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 0xffffn }));
/** IPv6 addresses with runs of zero groups, but for the IPv4-mapped ones, which are IPv4. */
const ipv6 = fc
  .array(group, { minLength: 8, maxLength: 8 })
  .map((groups) => groups.reduce((value, part) => (value << 16n) | part, 0n))
  .filter((value) => value >> 32n !== 0xffffn);
const address: fc.Arbitrary<AddressNumber> = fc.oneof(ipv4, ipv6);

/** The address as ipaddr.js reads it. */
function referenceNumber(text: string): AddressNumber {
  const bytes = ipaddr.process(text).toByteArray();
  const value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return bytes.length === 4 ? Number(value) : value;
}

describe("parseAddress", () => {
  test.each<[string, AddressNumber]>([
    ["0.0.0.0", 0],
    ["10.0.0.1", 0x0a000001],
    ["255.255.255.255", 2 ** 32 - 1],
    ["::", 0n],
    ["::1", 1n],
    ["1::", 1n << 112n],
    ["fd00::1", 0xfd00_0000_0000_0000_0000_0000_0000_0001n],
    ["FD00::aBcD", 0xfd00_0000_0000_0000_0000_0000_0000_abcdn],
    ["1:2:3:4:5:6:7:8", 0x0001_0002_0003_0004_0005_0006_0007_0008n],
    ["1:2:3:4:5:6:7::", 0x0001_0002_0003_0004_0005_0006_0007_0000n],
    ["::2:3:4:5:6:7:8", 0x0000_0002_0003_0004_0005_0006_0007_0008n],
    ["0001:0:00::", 1n << 112n],
    ["64:ff9b::10.0.0.1", 0x0064_ff9b_0000_0000_0000_0000_0a00_0001n],
    ["1:2:3:4:5:6:10.0.0.1", 0x0001_0002_0003_0004_0005_0006_0a00_0001n],
    ["::ffff:10.0.0.1", 0x0a000001],
    ["::ffff:a00:1", 0x0a000001],
    ["::10.0.0.1", 0x0a000001n],
    ["::fffe:10.0.0.1", 0xfffe_0a00_0001n],
  ])("reads %s", (text, value) => {
    expect(parseAddress(text)).toBe(value);
  });

  test.each([
    "",
    "10",
    "10.1",
    "10.0.1",
    "1.2.3.4.5",
    "10.0.0.",
    ".10.0.0.1",
    "10..0.1",
    "010.0.0.1",
    "10.0.0.01",
    "10.0.0.00",
    "0x7f.1",
    "0x7f.0.0.1",
    "256.0.0.1",
    "10.0.0.-1",
    "10.0.0.1e1",
    " 10.0.0.1",
    "10.0.0.1 ",
    "10.0.0.1\n",
    "10.0.0.1/32",
    "10.0.0.1:80",
    "１0.0.0.1",
    "167772161",
    ":",
    ":::",
    "1",
    "fd00",
    ":1",
    "1:",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4::5:6:7:8",
    "1:2:3:4:5:6:7:8::",
    "::12345",
    "::g",
    "[::1]",
    "::1/128",
    "fe80::1%eth0",
    "fe80::1%",
    "10.0.0.1%eth0",
    "::ffff:10.0.0.1%1",
    "::ffff:010.0.0.1",
    "::ffff:10.0.1",
    "::10.0.0.1:1",
    "1:2:3:4:5:6:7:10.0.0.1",
    "localhost",
  ])("refuses %j", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  test("no text makes it throw", () => {
    const piece = fc.constantFrom(":", "::", ".", "0", "1", "10", "ffff", "255", "%", "/", " ");
    const texts = fc.oneof(
      fc.string(),
      fc.array(piece).map((pieces) => pieces.join("")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const parsed = parseAddress(text);
        if (parsed !== undefined) expect(parsed).toBe(referenceNumber(text));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("formatAddress", () => {
  test.each<[AddressNumber, string]>([
    [0, "0.0.0.0"],
    [0x0a000001, "10.0.0.1"],
    [2 ** 32 - 1, "255.255.255.255"],
    [0n, "::"],
    [1n, "::1"],
    [1n << 112n, "1::"],
    [0x0001_0000_0000_0002_0000_0000_0000_0003n, "1:0:0:2::3"],
    [0x0001_0000_0000_0002_0003_0000_0000_0004n, "1::2:3:0:0:4"],
    [0x0001_0000_0002_0003_0004_0005_0006_0007n, "1:0:2:3:4:5:6:7"],
    [0x0001_0002_0003_0004_0005_0006_0000_0000n, "1:2:3:4:5:6::"],
    [0x0000_0000_0003_0004_0005_0006_0007_0008n, "::3:4:5:6:7:8"],
    [0xfd00_0000_0000_0000_0000_0000_0000_abcdn, "fd00::abcd"],
    [2n ** 128n - 1n, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
    [0x0a000001n, "::a00:1"],
  ])("writes %s as %s", (value, text) => {
    expect(formatAddress(value)).toBe(text);
  });

  test("writes what ipaddr.js writes", () => {
    fc.assert(
      fc.property(address, (value) => {
        const bits = addressBits(versionOf(value));
        const hex = value.toString(16).padStart(bits / 4, "0");
        const bytes = hex.match(/../g)!.map((byte) => Number.parseInt(byte, 16));
        const reference = ipaddr.fromByteArray(bytes);
        const text =
          reference instanceof ipaddr.IPv6 ? reference.toRFC5952String() : reference.toString();
        expect(formatAddress(value)).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  test("is read back as the same number", () => {
    fc.assert(
      fc.property(address, (value) => {
        const text = formatAddress(value);
        expect(parseAddress(text)).toBe(value);
        expect(parseAddress(text.toUpperCase())).toBe(value);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("spelled differently", () => {
  const spelling = fc.record({
    value: ipv6,
    gapAt: fc.nat(7),
    gapLength: fc.integer({ min: 1, max: 8 }),
  });

  test("an address is the same number, as in ipaddr.js", () => {
    fc.assert(
      fc.property(spelling, ({ value, gapAt, gapLength }) => {
        const groups = value.toString(16).padStart(32, "0").match(/..../g)!;
        const hidden = groups.slice(gapAt, gapAt + gapLength).every((part) => part === "0000");
        const texts = [groups.join(":")];
        if (hidden) {
          const head = groups.slice(0, gapAt).join(":");
          const tail = groups.slice(gapAt + gapLength).join(":");
          texts.push(`${head}::${tail}`);
        }
        const low = formatAddress(Number(value & 0xffffffffn));
        texts.push(`${groups.slice(0, 6).join(":")}:${low}`);
        for (const text of texts) {
          expect(parseAddress(text)).toBe(value);
          expect(referenceNumber(text)).toBe(value);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("versionOf and addressBits", () => {
  test("follow from the type of the number", () => {
    expect(versionOf(1)).toBe(4);
    expect(versionOf(1n)).toBe(6);
    expect(addressBits(4)).toBe(32);
    expect(addressBits(6)).toBe(128);
  });
});
