import type { AddressNumber } from "./address.js";
import type { Cidr } from "./cidr.js";
import { sanitiseHandle } from "./handle.js";
import type { ReservedAddresses } from "./reservation.js";

/** What is stored with an address: whose it is, and free-form facts (pod, namespace, node). */
export interface Attribute {
  /** Handle id, or null for an address that was assigned without one. */
  readonly handle: string | null;
  /** Null when none was given, which differs from an empty map. */
  readonly secondary: Readonly<Record<string, string>> | null;
}

/** Addresses at both ends of a block that are never given to pods (Windows). */
export interface HostReserved {
  /** Ordinals reserved at the start of the block. */
  readonly startOfBlock: number;
  /** Ordinals reserved at the end of the block. */
  readonly endOfBlock: number;
  readonly handle: string;
  readonly note: string;
}

/** Allocations with this handle do not make a block "not empty". */
export const WINDOWS_RESERVED_HANDLE = "windows-reserved-ipam-handle";

/** Entry of `allocations` for a free ordinal. */
export const FREE = -1;

/** Entry of `sequenceOffsets` for an ordinal without a stored sequence number. */
export const NO_SEQUENCE = -1;

/**
 * One block: a run of addresses that belongs to at most one host, with who holds each of them
 * (`libcalico-go/lib/backend/model/block.go@v3.28.4`). Immutable: every change makes a new version.
 *
 * Sequence numbers start as the clock in nanoseconds, beyond what a double holds exactly, so they are
 * kept as a base that the versions of a block share, and small offsets from it.
 */
export class Block {
  constructor(
    readonly cidr: Cidr,
    /** `host:<name>` or `virtual:<name>`; null when no host owns the block. */
    readonly affinity: string | null,
    /** Per ordinal: index into `attributes`, or FREE. */
    readonly allocations: readonly number[],
    /** Free ordinals in the order in which they will be given out. */
    readonly unallocated: readonly number[],
    readonly attributes: readonly Attribute[],
    /** Nanoseconds; sequence number 0 of this block's offsets. */
    readonly sequenceBaseNs: bigint,
    /** `sequenceBaseNs` plus this is the block's sequence number. */
    readonly sequenceOffset: number,
    /** Per ordinal: offset of the sequence number at which it was assigned, or NO_SEQUENCE. */
    readonly sequenceOffsets: readonly number[],
    /** When the block was claimed, whole seconds; null before v3.32.0 and without affinity. */
    readonly claimTimeSeconds: number | null,
  ) {}

  get sequenceNumber(): bigint {
    return this.sequenceBaseNs + BigInt(this.sequenceOffset);
  }

  /** Stored sequence number of an ordinal's allocation, or undefined. */
  sequenceNumberOf(ordinal: number): bigint | undefined {
    const offset = this.sequenceOffsets[ordinal];
    if (offset === undefined || offset === NO_SEQUENCE) return undefined;
    return this.sequenceBaseNs + BigInt(offset);
  }

  get allocatedCount(): number {
    return this.allocations.length - this.unallocated.length;
  }

  /** The attribute of an allocated ordinal; undefined when it is free. */
  attributeOf(ordinal: number): Attribute | undefined {
    const index = this.allocations[ordinal];
    return index === undefined || index === FREE ? undefined : this.attributes[index];
  }

  /** Ordinal of an address of this block. */
  ordinalOf(address: AddressNumber): number {
    return this.cidr.ordinalOf(address);
  }
}

function ordinalsOf(cidr: Cidr): number[] {
  return Array.from({ length: cidr.size }, (_, ordinal) => ordinal);
}

/**
 * A block as it is claimed: every ordinal free and in order, but for the host's reserved ones, which
 * are allocated to attribute 0 and have neither a sequence number nor a handle object
 * (`libcalico-go/lib/ipam/ipam_block.go@v3.28.4`).
 */
export function newBlock(
  cidr: Cidr,
  affinity: string,
  reserved: HostReserved | null,
  nowNs: bigint,
  claimTimeSeconds: number | null,
): Block {
  const size = cidr.size;
  const allocations = new Array<number>(size).fill(FREE);
  const offsets = new Array<number>(size).fill(NO_SEQUENCE);
  let unallocated = ordinalsOf(cidr);
  const attributes: Attribute[] = [];
  if (reserved !== null) {
    attributes.push({ handle: reserved.handle, secondary: { note: reserved.note } });
    const end = size - reserved.endOfBlock;
    unallocated = unallocated.slice(reserved.startOfBlock, end);
    for (let ordinal = 0; ordinal < size; ordinal++) {
      if (ordinal < reserved.startOfBlock || ordinal >= end) allocations[ordinal] = 0;
    }
  }
  return new Block(
    cidr,
    affinity,
    allocations,
    unallocated,
    attributes,
    nowNs,
    0,
    offsets,
    claimTimeSeconds,
  );
}

/** The version that an update writes: sequence number plus one. */
export function withNextSequence(block: Block): Block {
  return new Block(
    block.cidr,
    block.affinity,
    block.allocations,
    block.unallocated,
    block.attributes,
    block.sequenceBaseNs,
    block.sequenceOffset + 1,
    block.sequenceOffsets,
    block.claimTimeSeconds,
  );
}

/** The block without owner; its claim time goes with the affinity. */
export function withoutAffinity(block: Block): Block {
  return new Block(
    block.cidr,
    null,
    block.allocations,
    block.unallocated,
    block.attributes,
    block.sequenceBaseNs,
    block.sequenceOffset,
    block.sequenceOffsets,
    null,
  );
}

function sameSecondary(a: Attribute["secondary"], b: Attribute["secondary"]): boolean {
  if (a === b) return true;
  if (a === null || b === null) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key]);
}

function findAttribute(attributes: readonly Attribute[], wanted: Attribute): number {
  for (let i = 0; i < attributes.length; i++) {
    const attribute = attributes[i]!;
    if (
      attribute.handle === wanted.handle &&
      sameSecondary(attribute.secondary, wanted.secondary)
    ) {
      return i;
    }
  }
  return -1;
}

/**
 * The block with these free ordinals allocated. They share one attribute, an equal one if the block
 * has it. Each remembers the sequence number that the block was read with. `unallocated` is what is
 * left of the free list.
 */
export function withAllocated(
  block: Block,
  ordinals: readonly number[],
  unallocated: readonly number[],
  attribute: Attribute,
): Block {
  let attributes = block.attributes;
  let index = findAttribute(attributes, attribute);
  if (index < 0) {
    index = attributes.length;
    attributes = attributes.concat(attribute);
  }
  const allocations = block.allocations.slice();
  const offsets = block.sequenceOffsets.slice();
  for (const ordinal of ordinals) {
    allocations[ordinal] = index;
    offsets[ordinal] = block.sequenceOffset;
  }
  return new Block(
    block.cidr,
    block.affinity,
    allocations,
    unallocated,
    attributes,
    block.sequenceBaseNs,
    block.sequenceOffset,
    offsets,
    block.claimTimeSeconds,
  );
}

/**
 * The block with these ordinals freed: they go to the end of the free list in this order. The listed
 * attributes go, and the indexes of the others move down. `forgetSequence` drops the stored sequence
 * numbers: releasing by address does, releasing by handle does not.
 */
export function withFreed(
  block: Block,
  ordinals: readonly number[],
  isAttributeGone: (index: number) => boolean,
  forgetSequence: boolean,
): Block {
  const newIndex: number[] = [];
  const attributes: Attribute[] = [];
  for (let i = 0; i < block.attributes.length; i++) {
    if (isAttributeGone(i)) {
      newIndex.push(FREE);
    } else {
      newIndex.push(attributes.length);
      attributes.push(block.attributes[i]!);
    }
  }
  const allocations = block.allocations.slice();
  for (const ordinal of ordinals) allocations[ordinal] = FREE;
  for (let ordinal = 0; ordinal < allocations.length; ordinal++) {
    const index = allocations[ordinal]!;
    if (index !== FREE) allocations[ordinal] = newIndex[index]!;
  }
  let offsets = block.sequenceOffsets;
  if (forgetSequence) {
    const kept = offsets.slice();
    for (const ordinal of ordinals) kept[ordinal] = NO_SEQUENCE;
    offsets = kept;
  }
  return new Block(
    block.cidr,
    block.affinity,
    allocations,
    block.unallocated.concat(ordinals),
    attributes,
    block.sequenceBaseNs,
    block.sequenceOffset,
    offsets,
    block.claimTimeSeconds,
  );
}

/**
 * Whether the block counts as empty: nothing is allocated but Windows' reserved addresses. An
 * allocation without handle makes it not empty.
 */
export function isEmptyBlock(block: Block): boolean {
  if (block.unallocated.length === block.allocations.length) return true;
  return block.allocations.every((index) => {
    if (index === FREE) return true;
    const handle = block.attributes[index]?.handle;
    return handle?.toLowerCase() === WINDOWS_RESERVED_HANDLE;
  });
}

/** Addresses that AutoAssign could take from the block under these reservations. */
export function freeCount(block: Block, reserved: ReservedAddresses): number {
  if (reserved.isEmpty || !reserved.overlaps(block.cidr)) return block.unallocated.length;
  if (reserved.coversWhole(block.cidr)) return 0;
  return block.unallocated.filter((ordinal) => !reserved.has(block.cidr.addressAt(ordinal))).length;
}

/**
 * Ordinals held by a handle, ascending. Stored ids are compared sanitised, the given one as it is, so
 * an id with a carriage return holds nothing.
 */
export function ordinalsOfHandle(block: Block, handle: string): number[] {
  const ordinals: number[] = [];
  if (sanitiseHandle(handle) !== handle) return ordinals;
  const held: number[] = [];
  for (let i = 0; i < block.attributes.length; i++) {
    const id = block.attributes[i]!.handle;
    if (id !== null && (id === handle || startsBeforeReturn(id, handle))) held.push(i);
  }
  if (held.length === 0) return ordinals;
  for (let ordinal = 0; ordinal < block.allocations.length; ordinal++) {
    const index = block.allocations[ordinal]!;
    if (index !== FREE && held.includes(index)) ordinals.push(ordinal);
  }
  return ordinals;
}

const CARRIAGE_RETURN = 13;

function startsBeforeReturn(id: string, handle: string): boolean {
  return id.charCodeAt(handle.length) === CARRIAGE_RETURN && id.startsWith(handle);
}
