import { type Attribute, isSameAttribute } from "./attribute.js";
import { sanitiseHandle } from "./handle.js";

/** Sequence offset of an ordinal without a stored sequence number. */
export const NO_SEQUENCE = -1;

/** Attribute number of a free ordinal. */
const NO_ATTRIBUTE = -1;

const TAG_OF_FREE = -2;
const TAG_OF_NO_HANDLE = -1;

const NO_ORDINALS: number[] = [];

/**
 * A number that differs for most different handles. Handles share long beginnings and differ at
 * their ends, so comparing it first saves nearly every comparison of texts. Ids that are the same
 * when sanitised have the same tag.
 */
function tagOf(handle: string | null): number {
  if (handle === null) return TAG_OF_NO_HANDLE;
  const id = sanitiseHandle(handle);
  const last = id.length - 1;
  return (
    id.charCodeAt(last) |
    (id.charCodeAt(last - 1) << 7) |
    (id.charCodeAt(last - 2) << 14) |
    ((id.charCodeAt(last - 3) & 0x7f) << 21)
  );
}

/**
 * An attribute of a block. Numbers grow in the order in which the block got its attributes, and stay
 * when others go: an attribute's index in Calico's list is how many have smaller numbers.
 */
export interface NumberedAttribute {
  readonly number: number;
  readonly attribute: Attribute;
}

/** By ordinal, what the newest version holds. */
interface Slots {
  /** Null when the ordinal is free. */
  readonly attributes: (Attribute | null)[];
  readonly attributeNumbers: number[];
  readonly tags: number[];
  readonly sequences: number[];
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
    private readonly slots: Slots,
    /** All attributes have smaller numbers. */
    private readonly nextNumber: number,
    /** Attributes that no ordinal points to; only defects of the library leave some. */
    private readonly unused: readonly NumberedAttribute[],
    /** Null in the version that the arrays hold. */
    private neighbour: Allocations | null,
    // How this version differs from its neighbour; without meaning when there is none.
    private ordinal: number,
    private attribute: Attribute | null,
    private attributeNumber: number,
    private tag: number,
    private sequence: number,
  ) {}

  /** @throws RangeError when an index points to no attribute. */
  static of({ indexes, attributes, sequences }: AllocationParts): Allocations {
    const slots: Slots = {
      attributes: [],
      attributeNumbers: [],
      tags: [],
      sequences: [...sequences],
    };
    const used = new Set<number>();
    for (const index of indexes) {
      const attribute = index === null ? null : attributes[index];
      if (attribute === undefined) throw new RangeError(`no attribute ${index}`);
      if (index !== null) used.add(index);
      slots.attributes.push(attribute);
      slots.attributeNumbers.push(index ?? NO_ATTRIBUTE);
      slots.tags.push(attribute === null ? TAG_OF_FREE : tagOf(attribute.handle));
    }
    const unused = attributes
      .map((attribute, number) => ({ number, attribute }))
      .filter(({ number }) => !used.has(number));
    return new Allocations(slots, attributes.length, unused, null, 0, null, 0, 0, 0);
  }

  /** Ordinals of the block, allocated or not. */
  get size(): number {
    return this.slots.attributes.length;
  }

  /** The attribute of an allocated ordinal; null when it is free or not of the block. */
  attributeAt(ordinal: number): Attribute | null {
    return this.#held().attributes[ordinal] ?? null;
  }

  /** The number of an allocated ordinal's attribute; NO_ATTRIBUTE when it is free or not of the block. */
  attributeNumberAt(ordinal: number): number {
    return this.#held().attributeNumbers[ordinal] ?? NO_ATTRIBUTE;
  }

  /** Sequence offset stored with an ordinal, also with a free one; or NO_SEQUENCE. */
  sequenceAt(ordinal: number): number {
    return this.#held().sequences[ordinal] ?? NO_SEQUENCE;
  }

  /**
   * Ordinals held by a handle, ascending. Stored ids are compared sanitised, the given one as it is,
   * so an id with a carriage return holds none.
   */
  ordinalsOf(handle: string): number[] {
    const { attributes, tags } = this.#held();
    const tag = tagOf(handle);
    let found: number[] = NO_ORDINALS;
    for (let ordinal = 0; ordinal < tags.length; ordinal++) {
      if (tags[ordinal] !== tag) continue;
      const { handle: stored } = attributes[ordinal]!;
      if (stored === null || sanitiseHandle(stored) !== handle) continue;
      if (found.length === 0) found = [ordinal];
      else found.push(ordinal);
    }
    return found;
  }

  /** Ordinals that point to the attribute with this number, ascending. */
  ordinalsOfAttribute(number: number): number[] {
    const { attributeNumbers } = this.#held();
    const found: number[] = [];
    attributeNumbers.forEach((other, ordinal) => {
      if (other === number) found.push(ordinal);
    });
    return found;
  }

  /** The attributes in order of first use: Calico's list. */
  attributes(): NumberedAttribute[] {
    const { attributes, attributeNumbers } = this.#held();
    const byNumber = new Map<number, Attribute>();
    for (const { number, attribute } of this.unused) byNumber.set(number, attribute);
    attributes.forEach((attribute, ordinal) => {
      if (attribute !== null) byNumber.set(attributeNumbers[ordinal]!, attribute);
    });
    return [...byNumber]
      .sort(([a], [b]) => a - b)
      .map(([number, attribute]) => ({ number, attribute }));
  }

  /** With these ordinals allocated to one attribute: the first equal one that the block has, if any. */
  with(ordinals: readonly number[], wanted: Attribute, sequence: number): Allocations {
    const tag = tagOf(wanted.handle);
    const known = this.#find(wanted, tag);
    const number = known?.number ?? this.nextNumber;
    const attribute = known?.attribute ?? wanted;
    const nextNumber = known === undefined ? number + 1 : this.nextNumber;
    const unused = this.#unusedAfter(ordinals, number);
    let next: Allocations | undefined;
    for (const ordinal of ordinals) {
      const from: Allocations = next ?? this;
      next = new Allocations(
        this.slots,
        nextNumber,
        unused,
        from,
        ordinal,
        attribute,
        number,
        tag,
        sequence,
      );
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
    const { sequences } = this.#held();
    const unused = stays.length === 0 ? this.unused : [...this.unused, ...stays];
    let next: Allocations | undefined;
    for (const ordinal of ordinals) {
      const from: Allocations = next ?? this;
      next = new Allocations(
        this.slots,
        this.nextNumber,
        unused,
        from,
        ordinal,
        null,
        NO_ATTRIBUTE,
        TAG_OF_FREE,
        forgetSequence ? NO_SEQUENCE : sequences[ordinal]!,
      );
      next.#takeArraysFrom(from);
    }
    return next ?? this;
  }

  /** The attributes that no ordinal points to once these ordinals point to the one with this number. */
  #unusedAfter(ordinals: readonly number[], number: number): readonly NumberedAttribute[] {
    const { attributes, attributeNumbers } = this.#held();
    let { unused } = this;
    if (unused.length > 0) unused = unused.filter((other) => other.number !== number);
    for (const ordinal of ordinals) {
      // Allocated already: the free list is wrong, as a double release or a bad import leaves it.
      const attribute = attributes[ordinal] ?? null;
      if (attribute === null) continue;
      const displaced = attributeNumbers[ordinal]!;
      const isStillUsed =
        displaced === number ||
        unused.some((other) => other.number === displaced) ||
        this.ordinalsOfAttribute(displaced).some((other) => !ordinals.includes(other));
      if (!isStillUsed) unused = [...unused, { number: displaced, attribute }];
    }
    return unused;
  }

  #find(wanted: Attribute, tag: number): NumberedAttribute | undefined {
    const { attributes, attributeNumbers, tags } = this.#held();
    let first: NumberedAttribute | undefined;
    for (let ordinal = 0; ordinal < tags.length; ordinal++) {
      if (tags[ordinal] !== tag) continue;
      const attribute = attributes[ordinal]!;
      const number = attributeNumbers[ordinal]!;
      if (first !== undefined && first.number <= number) continue;
      if (isSameAttribute(attribute, wanted)) first = { number, attribute };
    }
    for (const unused of this.unused) {
      if (first !== undefined && first.number <= unused.number) continue;
      if (isSameAttribute(unused.attribute, wanted)) first = unused;
    }
    return first;
  }

  /** The arrays, holding this version. */
  #held(): Slots {
    if (this.neighbour !== null) this.#takeArrays();
    return this.slots;
  }

  #takeArrays(): void {
    const path: Allocations[] = [this];
    for (let next = this.neighbour; next !== null; next = next.neighbour) path.push(next);
    for (let i = path.length - 2; i >= 0; i--) path[i]!.#takeArraysFrom(path[i + 1]!);
  }

  /** From the neighbour, which holds them and differs from this version afterwards. */
  #takeArraysFrom(holder: Allocations): void {
    const { attributes, attributeNumbers, tags, sequences } = this.slots;
    const { ordinal } = this;
    holder.neighbour = this;
    holder.ordinal = ordinal;
    holder.attribute = attributes[ordinal]!;
    holder.attributeNumber = attributeNumbers[ordinal]!;
    holder.tag = tags[ordinal]!;
    holder.sequence = sequences[ordinal]!;
    attributes[ordinal] = this.attribute;
    attributeNumbers[ordinal] = this.attributeNumber;
    tags[ordinal] = this.tag;
    sequences[ordinal] = this.sequence;
    this.neighbour = null;
    this.attribute = null;
  }
}
