import type { AddressNumber } from "./address.js";
import { type AffinityOwner, sameOwner } from "./affinity.js";
import { Allocations, NO_SEQUENCE, type NumberedAttribute } from "./allocations.js";
import type { Attribute } from "./attribute.js";
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
    readonly allocations: Allocations,
    /** Free ordinals in the order in which they will be given out. */
    readonly unallocated: FreeList,
    /** Nanoseconds; sequence number 0 of this block's offsets. */
    readonly sequenceBaseNs: bigint,
    /** `sequenceBaseNs` plus this is the block's sequence number. */
    readonly sequenceOffset: number,
    /** When the block was claimed, whole seconds; null before v3.32.0 and without affinity. */
    readonly claimTimeSeconds: number | null,
  ) {}

  /** Number of ordinals. */
  get size(): number {
    return this.allocations.size;
  }

  get sequenceNumber(): bigint {
    return this.sequenceBaseNs + BigInt(this.sequenceOffset);
  }

  /** Stored sequence number of an ordinal's allocation, or undefined. */
  sequenceNumberOf(ordinal: number): bigint | undefined {
    const offset = this.allocations.sequenceAt(ordinal);
    return offset === NO_SEQUENCE ? undefined : this.sequenceBaseNs + BigInt(offset);
  }

  get allocatedCount(): number {
    return this.size - this.unallocated.length;
  }

  /** Whether an ordinal is allocated. The free list tells the rest, but for defects of the library. */
  isAllocated(ordinal: number): boolean {
    return this.allocations.attributeAt(ordinal) !== null;
  }

  /** The attribute of an allocated ordinal; undefined when it is free. */
  attributeOf(ordinal: number): Attribute | undefined {
    return this.allocations.attributeAt(ordinal) ?? undefined;
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
  const { size } = cidr;
  const first = reserved === null ? 0 : reserved.startOfBlock;
  const end = reserved === null ? size : size - reserved.endOfBlock;
  const indexes = new Array<number | null>(size).fill(null);
  indexes.fill(0, 0, first).fill(0, Math.max(0, end));
  const sequences = new Array<number>(size).fill(NO_SEQUENCE);
  const attributes: Attribute[] = [];
  if (reserved !== null) {
    attributes.push({ handle: reserved.handle, secondary: { note: reserved.note } });
  }
  const allocations = Allocations.of({ indexes, attributes, sequences });
  const unallocated = FreeList.range(first, end);
  return new Block(cidr, affinity, allocations, unallocated, nowNs, 0, claimTimeSeconds);
}

// The functions below make the version that an update writes: every update of a block counts its
// sequence number up by one (`libcalico-go/lib/ipam/ipam_block_reader_writer.go@v3.28.4`).

function nextVersion(block: Block, allocations: Allocations, unallocated: FreeList): Block {
  return new Block(
    block.cidr,
    block.affinity,
    allocations,
    unallocated,
    block.sequenceBaseNs,
    block.sequenceOffset + 1,
    block.claimTimeSeconds,
  );
}

/** The block with nothing changed but its sequence number. */
export function withNextSequence(block: Block): Block {
  return nextVersion(block, block.allocations, block.unallocated);
}

/** The block without owner; its claim time goes with the affinity. */
export function withoutAffinity(block: Block): Block {
  const { cidr, allocations, unallocated, sequenceBaseNs, sequenceOffset } = block;
  return new Block(cidr, null, allocations, unallocated, sequenceBaseNs, sequenceOffset + 1, null);
}

/**
 * The block with these free ordinals allocated. They share one attribute, an equal one if the block
 * has it. Each remembers the sequence number that the block was read with.
 *
 * @param unallocated what is left of the free list.
 */
export function withAllocated(
  block: Block,
  ordinals: readonly number[],
  unallocated: FreeList,
  attribute: Attribute,
): Block {
  const allocations = block.allocations.with(ordinals, attribute, block.sequenceOffset);
  return nextVersion(block, allocations, unallocated);
}

/**
 * The block with all of a handle's ordinals freed: they go to the end of the free list in this order,
 * and their attributes go. Their sequence numbers stay
 * (`libcalico-go/lib/ipam/ipam_block.go@v3.28.4`, `releaseByHandle`).
 */
export function withHandleReleased(block: Block, ordinals: readonly number[]): Block {
  const allocations = block.allocations.without(ordinals, false);
  return nextVersion(block, allocations, block.unallocated.append(ordinals));
}

/**
 * The block with these allocated ordinals freed: they go to the end of the free list in this order,
 * and their sequence numbers go. An attribute goes when as many of its ordinals are listed as point to
 * it (`libcalico-go/lib/ipam/ipam_block.go@v3.28.4`, `release`). So an ordinal that is listed twice is
 * twice in the free list, and leaves its attribute behind, or takes it away from another ordinal.
 */
export function withAddressesReleased(block: Block, ordinals: readonly number[]): Block {
  const { allocations } = block;
  const listed = new Map<number, number>();
  for (const ordinal of ordinals) {
    const number = allocations.attributeNumberAt(ordinal);
    listed.set(number, (listed.get(number) ?? 0) + 1);
  }
  const stays: NumberedAttribute[] = [];
  const bereft: number[] = [];
  for (const [number, count] of listed) {
    const held = allocations.ordinalsOfAttribute(number);
    const others = held.filter((ordinal) => !ordinals.includes(ordinal));
    if (count === held.length) bereft.push(...others);
    else if (others.length === 0) stays.push({ number, attribute: block.attributeOf(held[0]!)! });
  }
  const after = allocations.without(ordinals, true, stays).without(bereft, false);
  return nextVersion(block, after, block.unallocated.append(ordinals));
}

/**
 * Whether the block counts as empty: nothing is allocated but Windows' reserved addresses. An
 * allocation without handle makes it not empty.
 */
export function isEmptyBlock(block: Block): boolean {
  const { allocations } = block;
  if (block.unallocated.length === allocations.size) return true;
  for (let ordinal = 0; ordinal < allocations.size; ordinal++) {
    const attribute = allocations.attributeAt(ordinal);
    if (attribute === null) continue;
    if (attribute.handle?.toLowerCase() !== WINDOWS_RESERVED_HANDLE) return false;
  }
  return true;
}

/** Addresses that AutoAssign could take from the block under these reservations. */
export function freeCount(block: Block, reserved: ReservedAddresses): number {
  if (reserved.isEmpty || !reserved.overlaps(block.cidr)) return block.unallocated.length;
  if (reserved.coversWhole(block.cidr)) return 0;
  return block.unallocated.filter((ordinal) => !reserved.has(block.cidr.addressAt(ordinal))).length;
}
