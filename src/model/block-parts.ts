import type { AffinityOwner } from "./affinity.js";
import { Allocations, NO_SEQUENCE } from "./allocations.js";
import type { Attribute } from "./attribute.js";
import { Block } from "./block.js";
import type { Cidr } from "./cidr.js";
import { FreeList } from "./free-list.js";

/**
 * A block as Calico stores it (`libcalico-go/lib/backend/model/block.go@v3.28.4`): for whoever reads
 * or writes stored blocks.
 */
export interface BlockParts {
  readonly cidr: Cidr;
  /** Who owns the block; null when nobody does. */
  readonly affinity: AffinityOwner | null;
  /** By ordinal: index into `attributes`, or null when it is free. */
  readonly allocations: readonly (number | null)[];
  /** Free ordinals in the order in which they will be given out. */
  readonly unallocated: readonly number[];
  /** In order of first use. */
  readonly attributes: readonly Attribute[];
  readonly sequenceNumber: bigint;
  /** Sequence numbers stored by ordinal, also of free ones. */
  readonly allocationSequenceNumbers: ReadonlyMap<number, bigint>;
  /** When the block was claimed, whole seconds; null before v3.32.0 and without affinity. */
  readonly claimTimeSeconds: number | null;
}

/**
 * The block that these parts make. What the parts contradict each other in stays as it is: whether
 * the free list is right is for checks to tell.
 *
 * @throws RangeError when an allocation points to no attribute, or sequence numbers are more than 2^53
 * apart.
 */
export function blockOf(parts: BlockParts): Block {
  const { allocations: indexes, attributes, allocationSequenceNumbers: stored } = parts;
  let base = parts.sequenceNumber;
  for (const number of stored.values()) if (number < base) base = number;
  const offsetOf = (number: bigint) => {
    const offset = Number(number - base);
    if (!Number.isSafeInteger(offset)) {
      throw new RangeError(`sequence numbers ${base} and ${number} are too far apart`);
    }
    return offset;
  };
  const sequences = indexes.map((_, ordinal) => {
    const number = stored.get(ordinal);
    return number === undefined ? NO_SEQUENCE : offsetOf(number);
  });
  return new Block(
    parts.cidr,
    parts.affinity,
    Allocations.of({ indexes, attributes, sequences }),
    FreeList.of(parts.unallocated),
    base,
    offsetOf(parts.sequenceNumber),
    parts.claimTimeSeconds,
  );
}

/** The parts that a block is stored as. */
export function partsOf(block: Block): BlockParts {
  const { allocations } = block;
  const attributes = allocations.attributes();
  const indexOf = new Map(attributes.map(({ number }, index) => [number, index]));
  const indexes: (number | null)[] = [];
  const stored = new Map<number, bigint>();
  for (let ordinal = 0; ordinal < block.size; ordinal++) {
    indexes.push(indexOf.get(allocations.attributeNumberAt(ordinal)) ?? null);
    const number = block.sequenceNumberOf(ordinal);
    if (number !== undefined) stored.set(ordinal, number);
  }
  return {
    cidr: block.cidr,
    affinity: block.affinity,
    allocations: indexes,
    unallocated: block.unallocated.toArray(),
    attributes: attributes.map(({ attribute }) => attribute),
    sequenceNumber: block.sequenceNumber,
    allocationSequenceNumbers: stored,
    claimTimeSeconds: block.claimTimeSeconds,
  };
}
