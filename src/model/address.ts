import { isIPv4, isIPv6 } from "node:net";

/** 4 or 6. */
export type IpVersion = 4 | 6;

/**
 * An IP address as a number: IPv4 as an unsigned 32-bit number, IPv6 as a bigint. The two types
 * never mix, so the type of the value tells the version.
 */
export type AddressNumber = number | bigint;

/** Bits in an address of this version. */
export function addressBits(version: IpVersion): 32 | 128 {
  return version === 4 ? 32 : 128;
}

export function versionOf(address: AddressNumber): IpVersion {
  return typeof address === "number" ? 4 : 6;
}

function parseIpv4(text: string): number {
  let value = 0;
  for (const part of text.split(".")) value = value * 256 + Number(part);
  return value;
}

function parseGroups(text: string): bigint[] {
  if (text === "") return [];
  const groups: bigint[] = [];
  for (const part of text.split(":")) {
    if (part.includes(".")) {
      const v4 = parseIpv4(part);
      groups.push(BigInt(v4 >>> 16), BigInt(v4 & 0xffff));
    } else {
      groups.push(BigInt(`0x${part}`));
    }
  }
  return groups;
}

function parseIpv6(text: string): bigint {
  const gap = text.indexOf("::");
  let groups: bigint[];
  if (gap < 0) {
    groups = parseGroups(text);
  } else {
    const head = parseGroups(text.slice(0, gap));
    const tail = parseGroups(text.slice(gap + 2));
    const zeros = new Array<bigint>(8 - head.length - tail.length).fill(0n);
    groups = [...head, ...zeros, ...tail];
  }
  return groups.reduce((value, group) => (value << 16n) | group, 0n);
}

const IPV4_MAPPED = 0xffffn << 32n;

/**
 * Reads an address in Go's strict form: four decimal parts without leading zeros, or IPv6 with an
 * optional `::`, without a zone. An IPv4-mapped IPv6 address is the IPv4 address, as in Go's `net.IP`.
 * Returns undefined when the text is not an address.
 */
export function parseAddress(text: string): AddressNumber | undefined {
  if (isIPv4(text)) return parseIpv4(text);
  if (!isIPv6(text) || text.includes("%")) return undefined;
  const value = parseIpv6(text);
  if (value >> 32n === 0xffffn) return Number(value - IPV4_MAPPED);
  return value;
}

function formatIpv4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

/** RFC 5952 text: the longest run of two or more zero groups (the first of equals) becomes `::`. */
function formatIpv6(value: bigint): string {
  const groups: number[] = [];
  for (let i = 7n; i >= 0n; i--) groups.push(Number((value >> (i * 16n)) & 0xffffn));
  let runStart = -1;
  let runLength = 1;
  for (let i = 0; i < 8; i++) {
    let j = i;
    while (j < 8 && groups[j] === 0) j++;
    if (j - i > runLength) {
      runStart = i;
      runLength = j - i;
    }
    if (j > i) i = j;
  }
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(":");
  if (runStart < 0) return hex(groups);
  return `${hex(groups.slice(0, runStart))}::${hex(groups.slice(runStart + runLength))}`;
}

/** Text of an address as Go prints it. */
export function formatAddress(address: AddressNumber): string {
  return typeof address === "number" ? formatIpv4(address) : formatIpv6(address);
}
