import type { AddressNumber } from "./address.js";
import { type AffinityOwner, sameOwner } from "./affinity.js";
import { type Attribute, AttributeTable } from "./attribute-table.js";
import type { Cidr } from "./cidr.js";
import { FreeList } from "./free-list.js";
import type { ReservedAddresses } from "./reservation.js";

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
    /** Who owns the block; null when nobody does. */
    readonly affinity: AffinityOwner | null,
    /** Per ordinal: index into `attributes`, or FREE. */
    readonly allocations: readonly number[],
    /** Free ordinals in the order in which they will be given out. */
    readonly unallocated: FreeList,
    readonly attributes: AttributeTable,
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
    return index === undefined || index === FREE ? undefined : this.attributes.at(index);
  }

  isOwnedBy(owner: AffinityOwner): boolean {
    return this.affinity !== null && sameOwner(this.affinity, owner);
  }

  /** Ordinal of an address of this block. */
  ordinalOf(address: AddressNumber): number {
    return this.cidr.ordinalOf(address);
  }
}

/**
 * A block as it is claimed: every ordinal free and in order, but for the host's reserved ones, which
 * are allocated to attribute 0 and have neither a sequence number nor a handle object
 * (`libcalico-go/lib/ipam/ipam_block.go@v3.28.4`).
 */
export function newBlock(
  cidr: Cidr,
  affinity: AffinityOwner,
  reserved: HostReserved | null,
  nowNs: bigint,
  claimTimeSeconds: number | null,
): Block {
  const size = cidr.size;
  const allocations = new Array<number>(size).fill(FREE);
  const offsets = new Array<number>(size).fill(NO_SEQUENCE);
  let unallocated = FreeList.range(0, size);
  let attributes = AttributeTable.empty;
  if (reserved !== null) {
    attributes = attributes.with({ handle: reserved.handle, secondary: { note: reserved.note } });
    const end = size - reserved.endOfBlock;
    unallocated = FreeList.range(reserved.startOfBlock, end);
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

/**
 * The block with these free ordinals allocated. They share one attribute, an equal one if the block
 * has it. Each remembers the sequence number that the block was read with. `unallocated` is what is
 * left of the free list.
 */
export function withAllocated(
  block: Block,
  ordinals: readonly number[],
  unallocated: FreeList,
  attribute: Attribute,
): Block {
  let attributes = block.attributes;
  let index = attributes.indexOf(attribute);
  if (index < 0) {
    index = attributes.length;
    attributes = attributes.with(attribute);
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
  let keptCount = 0;
  for (let i = 0; i < block.attributes.length; i++) {
    newIndex.push(isAttributeGone(i) ? FREE : keptCount++);
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
    block.unallocated.append(ordinals),
    block.attributes.without(isAttributeGone),
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
    const handle = block.attributes.at(index)?.handle;
    return handle?.toLowerCase() === WINDOWS_RESERVED_HANDLE;
  });
}

/** Addresses that AutoAssign could take from the block under these reservations. */
export function freeCount(block: Block, reserved: ReservedAddresses): number {
  if (reserved.isEmpty || !reserved.overlaps(block.cidr)) return block.unallocated.length;
  if (reserved.coversWhole(block.cidr)) return 0;
  return block.unallocated.filter((ordinal) => !reserved.has(block.cidr.addressAt(ordinal))).length;
}

/** Ordinals held by a handle, ascending; see `AttributeTable.indexesOf` for how ids are compared. */
export function ordinalsOfHandle(block: Block, handle: string): number[] {
  const ordinals: number[] = [];
  const held = block.attributes.indexesOf(handle);
  if (held.length === 0) return ordinals;
  const { allocations } = block;
  const only = held.length === 1 ? held[0] : undefined;
  for (let ordinal = 0; ordinal < allocations.length; ordinal++) {
    const index = allocations[ordinal]!;
    if (only === undefined ? held.includes(index) : index === only) ordinals.push(ordinal);
  }
  return ordinals;
}
