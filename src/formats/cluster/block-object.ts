import { addressBits } from "../../model/address.js";
import { type AffinityOwner, parseAffinityText } from "../../model/affinity.js";
import type { Attribute } from "../../model/attribute.js";
import { blockOf } from "../../model/block-parts.js";
import type { Cidr } from "../../model/cidr.js";
import type { StoredBlock } from "./cluster-dump.js";
import type { Field } from "./field-reader.js";

/** Blocks of pools have at most 2^12 addresses; an allocation list of more than this is a mistake. */
const HOST_BITS_MAX = 16;

function readCidr(field: Field): Cidr {
  const cidr = field.cidr();
  const prefixLeast = addressBits(cidr.version) - HOST_BITS_MAX;
  if (cidr.prefix < prefixLeast) {
    field.fail(`a block of prefix length ${prefixLeast} or more`);
  }
  return cidr;
}

function readAttribute(field: Field): Attribute {
  const handle = field.member("handle_id");
  const secondary = field.member("secondary");
  return {
    handle: handle.isAbsent ? null : handle.text(),
    secondary: secondary.isAbsent
      ? null
      : Object.fromEntries(secondary.entries().map(([key, value]) => [key, value.text()])),
  };
}

/** Old writers left ordinals out at the end of the list; those are not allocated. */
function readAllocations(field: Field, size: number, attributeCount: number): (number | null)[] {
  const allocations = new Array<number | null>(size).fill(null);
  const list = field.list();
  if (list.length > size) field.fail(`a list of at most ${size} entries for this cidr`);
  for (const [ordinal, entry] of list.entries()) {
    if (entry.isAbsent) continue;
    if (attributeCount === 0) entry.fail("null, for the block has no attributes");
    allocations[ordinal] = entry.integer(0, attributeCount - 1);
  }
  return allocations;
}

/** Sequence numbers by ordinal. Old blocks have none. */
function readSequenceNumbers(field: Field, size: number): Map<number, bigint> {
  const numbers = new Map<number, bigint>();
  if (field.isAbsent) return numbers;
  for (const [key, value] of field.entries()) {
    if (!/^(0|[1-9]\d*)$/.test(key) || Number(key) >= size) {
      field.fail(`ordinals from 0 to ${size - 1} as keys, of which ${JSON.stringify(key)} is none`);
    }
    numbers.set(Number(key), value.unsigned64());
  }
  return numbers;
}

/** What the two lists of a block say about the same ordinals, where they do not fit together. */
export function compareLists(
  allocations: readonly (number | null)[],
  free: readonly number[],
): Pick<StoredBlock, "lostOrdinals" | "contestedOrdinals"> {
  const listed = new Array<number>(allocations.length).fill(0);
  for (const ordinal of free) listed[ordinal] = listed[ordinal]! + 1;
  const lostOrdinals: number[] = [];
  const contestedOrdinals: number[] = [];
  for (const [ordinal, index] of allocations.entries()) {
    const uses = listed[ordinal]! + (index === null ? 0 : 1);
    if (uses === 0) lostOrdinals.push(ordinal);
    if (uses > 1) contestedOrdinals.push(ordinal);
  }
  return { lostOrdinals, contestedOrdinals };
}

/** Free ordinals. Every writer has the field; a file that breaks off in an object lacks it. */
function readUnallocated(field: Field, size: number, isFull: boolean): number[] {
  if (field.isAbsent && isFull) return [];
  const list = field.list();
  if (list.length > size) field.fail(`a list of at most ${size} ordinals for this cidr`);
  return list.map((entry) => entry.integer(0, size - 1));
}

/** Who owns the block. Releases before v2.6 wrote `hostAffinity: node` instead of `affinity: host:node`. */
function readAffinity(spec: Field): AffinityOwner | null {
  const affinity = spec.member("affinity").optionalText();
  if (affinity !== "") return parseAffinityText(affinity);
  const host = spec.member("hostAffinity").optionalText();
  return host === "" ? null : { type: "host", host };
}

/** By ordinal, the owners that an address has besides its active one. */
function readAlternateOwners(
  spec: Field,
  allocations: readonly (number | null)[],
): StoredBlock["alternateOwners"] {
  const owners = spec
    .member("attributes")
    .optionalList()
    .map((attribute) => attribute.member("alternateOwnerAttrs"));
  const byOrdinal = new Map<number, Record<string, string>>();
  if (owners.every((owner) => owner.isAbsent)) return byOrdinal;
  for (const [ordinal, index] of allocations.entries()) {
    const owner = index === null ? undefined : owners[index];
    if (owner === undefined || owner.isAbsent) continue;
    const facts = owner.entries().map(([key, value]) => [key, value.text()] as const);
    if (facts.length > 0) byOrdinal.set(ordinal, Object.fromEntries(facts));
  }
  return byOrdinal;
}

/** RFC 3339 text in whole seconds, or null. */
function readClaimTime(spec: Field): number | null {
  const inKubernetes = spec.member("affinityClaimTime");
  const field = inKubernetes.isAbsent ? spec.member("affinity_claim_time") : inKubernetes;
  if (field.isAbsent) return null;
  const milliseconds = Date.parse(field.text());
  if (Number.isNaN(milliseconds)) field.fail("a time such as 2026-01-05T10:00:00Z");
  return Math.floor(milliseconds / 1000);
}

/**
 * Reads the `spec` of an IPAMBlock (`libcalico-go/lib/apis/v3/ipam_block.go@v3.28.4`), or the value of
 * a block's key in etcd, which differ in the name of one field only. Allocations
 * must point to attributes that exist. The two lists of a block may contradict each other, for broken
 * clusters are what dumps are looked at for; the result tells where.
 *
 * @throws FieldFault at the first field that is not readable.
 */
export function readBlockSpec(spec: Field): Omit<StoredBlock, "object"> {
  const cidr = readCidr(spec.member("cidr"));
  const size = cidr.size;
  const attributes = spec.member("attributes").optionalList().map(readAttribute);
  const allocations = readAllocations(spec.member("allocations"), size, attributes.length);
  const isFull = allocations.every((entry) => entry !== null);
  const free = readUnallocated(spec.member("unallocated"), size, isFull);
  const sequence = spec.member("sequenceNumber");
  const sequenceNumber = sequence.isAbsent ? 0n : sequence.unsigned64();
  const sequenceNumbers = spec.member("sequenceNumberForAllocation");
  const allocationSequenceNumbers = readSequenceNumbers(sequenceNumbers, size);
  for (const number of allocationSequenceNumbers.values()) {
    if (!Number.isSafeInteger(Number(number - sequenceNumber))) {
      sequenceNumbers.fail(`numbers less than 2^53 from the block's, which is ${sequenceNumber}`);
    }
  }
  const value = blockOf({
    cidr,
    affinity: readAffinity(spec),
    allocations,
    unallocated: free,
    attributes,
    sequenceNumber,
    allocationSequenceNumbers,
    claimTimeSeconds: readClaimTime(spec),
  });
  return {
    value,
    ...compareLists(allocations, free),
    isDeleted: spec.member("deleted").optionalFlag(),
    alternateOwners: readAlternateOwners(spec, allocations),
  };
}
