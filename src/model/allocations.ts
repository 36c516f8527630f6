import { type Attribute, isSameAttribute } from "./attribute.js";
import { sanitiseHandle } from "./handle.js";

/** Sequence offset of an ordinal without a stored sequence number. */
export const NO_SEQUENCE = -1;

/** Attribute number of a free ordinal. */
const NO_ATTRIBUTE = -1;

const TAG_OF_FREE = 0;
const TAG_OF_NO_HANDLE = 1;

const NO_ORDINALS: number[] = [];

/**
 * A byte that differs for most different handles. Handles share long beginnings and differ at their
 * ends, so comparing it first saves nearly every comparison of texts. Ids that are the same when
 * sanitised have the same tag.
 */
function tagOf(handle: string | null): number {
  if (handle === null) return TAG_OF_NO_HANDLE;
  const id = sanitiseHandle(handle);
  const last = id.length - 1;
  const ending =
    id.charCodeAt(last) |
    (id.charCodeAt(last - 1) << 7) |
    (id.charCodeAt(last - 2) << 14) |
    ((id.charCodeAt(last - 3) & 0x7f) << 21);
  // Multiplied by 2^32 over the golden ratio, the upper bits depend on every bit of the ending.
  const hash = Math.imul(ending, 0x9e3779b1) >>> 24;
  return hash > TAG_OF_NO_HANDLE ? hash : hash + 2;
}

/**
 * An attribute of a block. Numbers grow in the order in which the block got its attributes, and stay
 * when others go: an attribute's index in Calico's list is how many have smaller numbers.
 */
export interface NumberedAttribute {
  readonly number: number;
  readonly attribute: Attribute;
}

/** What one ordinal holds. */
interface Slot {
  /** Null when the ordinal is free. */
  readonly attribute: Attribute | null;
  readonly attributeNumber: number;
  readonly tag: number;
  readonly sequence: number;
}

const NEVER_USED: Slot = {
  attribute: null,
  attributeNumber: NO_ATTRIBUTE,
  tag: TAG_OF_FREE,
  sequence: NO_SEQUENCE,
};

function freed(sequence: number): Slot {
  if (sequence === NO_SEQUENCE) return NEVER_USED;
  return { attribute: null, attributeNumber: NO_ATTRIBUTE, tag: TAG_OF_FREE, sequence };
}

/** By ordinal, what the version that holds the arrays has. */
interface Arrays {
  readonly slots: Slot[];
  /** The tags of the slots once more: bytes lie close together, and they are what is searched. */
  readonly tags: Uint8Array;
}

/** What a block is made of when it does not follow from another version. */
export interface AllocationParts {
  /** By ordinal: index into `attributes`, or null when it is free. */
  readonly indexes: readonly (number | null)[];
  /** In order of first use; not all need to be pointed to. */
  readonly attributes: readonly Attribute[];
  /** By ordinal: sequence offset, or NO_SEQUENCE. */
  readonly sequences: readonly number[];
}

/**
 * Which ordinals of a block are allocated, with what attribute and at which sequence number.
 * Immutable: a change makes a new version.
 *
 * Versions share one set of arrays (a persistent array after Baker, "Shallow binding makes functional
 * arrays fast", 1991). The arrays hold one of the versions, as a rule the newest; every other
 * version knows a neighbour and the one ordinal in which it differs from it:
 *
 *     v1 ──(7: free)──> v2 ──(9: pod-a)──> v3 ──> arrays
 *
 * So a change costs no copy. Reading a version that the arrays do not hold turns the arrows between
 * the two round, at a cost that grows with the number of changes in between: old versions stay
 * correct, but are not for frequent use. They keep what came after them alive, never the reverse.
 */
export class Allocations {
  private constructor(
    private readonly arrays: Arrays,
    /** All attributes have smaller numbers. */
    private readonly nextNumber: number,
    /** Attributes that no ordinal points to; only defects of the library leave some. */
    private readonly unused: readonly NumberedAttribute[],
    /** Null in the version that the arrays hold. */
    private neighbour: Allocations | null,
    // How this version differs from its neighbour; without meaning when there is none.
    private ordinal: number,
    private slot: Slot,
  ) {}

  /** @throws RangeError when an index points to no attribute. */
  static of({ indexes, attributes, sequences }: AllocationParts): Allocations {
    const used = new Set<number>();
    const slots = indexes.map((index, ordinal): Slot => {
      const sequence = sequences[ordinal]!;
      if (index === null) return freed(sequence);
      const attribute = attributes[index];
      if (attribute === undefined) throw new RangeError(`no attribute ${index}`);
      used.add(index);
      return { attribute, attributeNumber: index, tag: tagOf(attribute.handle), sequence };
    });
    const tags = Uint8Array.from(slots, ({ tag }) => tag);
    const unused = attributes
      .map((attribute, number) => ({ number, attribute }))
      .filter(({ number }) => !used.has(number));
    return new Allocations({ slots, tags }, attributes.length, unused, null, 0, NEVER_USED);
  }

  /** Ordinals of the block, allocated or not. */
  get size(): number {
    return this.arrays.slots.length;
  }

  /** The attribute of an allocated ordinal; null when it is free or not of the block. */
  attributeAt(ordinal: number): Attribute | null {
    return this.#slotAt(ordinal).attribute;
  }

  /** The number of an allocated ordinal's attribute; NO_ATTRIBUTE when it is free or not of the block. */
  attributeNumberAt(ordinal: number): number {
    return this.#slotAt(ordinal).attributeNumber;
  }

  /** Sequence offset stored with an ordinal, also with a free one; or NO_SEQUENCE. */
  sequenceAt(ordinal: number): number {
    return this.#slotAt(ordinal).sequence;
  }

  #slotAt(ordinal: number): Slot {
    return this.#held().slots[ordinal] ?? NEVER_USED;
  }

  /**
   * Ordinals held by a handle, ascending. Stored ids are compared sanitised, the given one as it is,
   * so an id with a carriage return holds none.
   */
  ordinalsOf(handle: string): number[] {
    const { slots, tags } = this.#held();
    const tag = tagOf(handle);
    let found: number[] = NO_ORDINALS;
    for (let ordinal = 0; ordinal < tags.length; ordinal++) {
      if (tags[ordinal] !== tag) continue;
      const { handle: stored } = slots[ordinal]!.attribute!;
      if (stored === null || sanitiseHandle(stored) !== handle) continue;
      if (found.length === 0) found = [ordinal];
      else found.push(ordinal);
    }
    return found;
  }

  /** Ordinals that point to the attribute with this number, ascending. */
  ordinalsOfAttribute(number: number): number[] {
    const found: number[] = [];
    this.#held().slots.forEach((slot, ordinal) => {
      if (slot.attributeNumber === number) found.push(ordinal);
    });
    return found;
  }

  /**
   * Ordinals in which this version may differ from another one, in no order and perhaps repeated;
   * undefined when the two do not share their arrays. Costs as many steps as there are changes between
   * them and the version that the arrays hold, and turns no arrow round.
   */
  ordinalsChangedSince(other: Allocations): number[] | undefined {
    if (other.arrays !== this.arrays) return undefined;
    const changed: number[] = [];
    for (const start of [other, this]) {
      for (let at = start; at.neighbour !== null; at = at.neighbour) {
        changed.push(at.ordinal);
        if (at.neighbour === this) return changed;
      }
    }
    return changed;
  }

  /** The attributes in order of first use: Calico's list. */
  attributes(): NumberedAttribute[] {
    const byNumber = new Map<number, Attribute>();
    for (const { number, attribute } of this.unused) byNumber.set(number, attribute);
    for (const { attribute, attributeNumber } of this.#held().slots) {
      if (attribute !== null) byNumber.set(attributeNumber, attribute);
    }
    return [...byNumber]
      .sort(([a], [b]) => a - b)
      .map(([number, attribute]) => ({ number, attribute }));
  }

  /** With these ordinals allocated to one attribute: the first equal one that the block has, if any. */
  with(ordinals: readonly number[], wanted: Attribute, sequence: number): Allocations {
    const tag = tagOf(wanted.handle);
    const known = this.#find(wanted, tag);
    const attributeNumber = known?.number ?? this.nextNumber;
    const attribute = known?.attribute ?? wanted;
    const nextNumber = known === undefined ? attributeNumber + 1 : this.nextNumber;
    const unused = this.#unusedAfter(ordinals, attributeNumber);
    const slot: Slot = { attribute, attributeNumber, tag, sequence };
    let next: Allocations | undefined;
    for (const ordinal of ordinals) {
      const from: Allocations = next ?? this;
      next = new Allocations(this.arrays, nextNumber, unused, from, ordinal, slot);
      next.#takeArraysFrom(from);
    }
    return next ?? this;
  }

  /**
   * With these ordinals free. Attributes that no ordinal points to any more go, but for those that
   * `stays` names. `forgetSequence` drops the stored sequence numbers.
   */
  without(
    ordinals: readonly number[],
    forgetSequence: boolean,
    stays: readonly NumberedAttribute[] = [],
  ): Allocations {
    const unused = stays.length === 0 ? this.unused : [...this.unused, ...stays];
    let next: Allocations | undefined;
    for (const ordinal of ordinals) {
      const from: Allocations = next ?? this;
      const slot = freed(forgetSequence ? NO_SEQUENCE : from.sequenceAt(ordinal));
      next = new Allocations(this.arrays, this.nextNumber, unused, from, ordinal, slot);
      next.#takeArraysFrom(from);
    }
    return next ?? this;
  }

  /** The attributes that no ordinal points to once these ordinals point to the one with this number. */
  #unusedAfter(ordinals: readonly number[], number: number): readonly NumberedAttribute[] {
    let { unused } = this;
    if (unused.length > 0) unused = unused.filter((other) => other.number !== number);
    for (const ordinal of ordinals) {
      // Allocated already: the free list is wrong, as a double release or a bad import leaves it.
      const { attribute, attributeNumber: displaced } = this.#slotAt(ordinal);
      if (attribute === null) continue;
      const isStillUsed =
        displaced === number ||
        unused.some((other) => other.number === displaced) ||
        this.ordinalsOfAttribute(displaced).some((other) => !ordinals.includes(other));
      if (!isStillUsed) unused = [...unused, { number: displaced, attribute }];
    }
    return unused;
  }

  #find(wanted: Attribute, tag: number): NumberedAttribute | undefined {
    const { slots, tags } = this.#held();
    let first: NumberedAttribute | undefined;
    for (let ordinal = 0; ordinal < tags.length; ordinal++) {
      if (tags[ordinal] !== tag) continue;
      const { attribute, attributeNumber: number } = slots[ordinal]!;
      if (first !== undefined && first.number <= number) continue;
      if (isSameAttribute(attribute!, wanted)) first = { number, attribute: attribute! };
    }
    for (const unused of this.unused) {
      if (first !== undefined && first.number <= unused.number) continue;
      if (isSameAttribute(unused.attribute, wanted)) first = unused;
    }
    return first;
  }

  /** The arrays, holding this version. */
  #held(): Arrays {
    if (this.neighbour !== null) this.#takeArrays();
    return this.arrays;
  }

  #takeArrays(): void {
    const path: Allocations[] = [this];
    for (let next = this.neighbour; next !== null; next = next.neighbour) path.push(next);
    for (let i = path.length - 2; i >= 0; i--) path[i]!.#takeArraysFrom(path[i + 1]!);
  }

  /** From the neighbour, which holds them and differs from this version afterwards. */
  #takeArraysFrom(holder: Allocations): void {
    const { slots, tags } = this.arrays;
    const { ordinal, slot } = this;
    holder.neighbour = this;
    holder.ordinal = ordinal;
    holder.slot = slots[ordinal]!;
    slots[ordinal] = slot;
    tags[ordinal] = slot.tag;
    this.neighbour = null;
    this.slot = NEVER_USED;
  }
}
