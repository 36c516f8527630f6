import { sanitiseHandle } from "./handle.js";

/** What is stored with an address: whose it is, and free-form facts (pod, namespace, node). */
export interface Attribute {
  /** Handle id, or null for an address that was assigned without one. */
  readonly handle: string | null;
  /** Null when none was given, which differs from an empty map. */
  readonly secondary: Readonly<Record<string, string>> | null;
}

/**
 * A number that differs for most different handles. Handles share long beginnings and differ at
 * their ends, so comparing it first saves nearly every comparison of texts.
 */
function handleTag(handle: string | null): number {
  if (handle === null) return -1;
  const last = handle.length - 1;
  return (
    handle.charCodeAt(last) |
    (handle.charCodeAt(last - 1) << 7) |
    (handle.charCodeAt(last - 2) << 14) |
    ((handle.charCodeAt(last - 3) & 0x7f) << 21)
  );
}

function sameSecondary(a: Attribute["secondary"], b: Attribute["secondary"]): boolean {
  if (a === b) return true;
  if (a === null || b === null) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key]);
}

/**
 * The attributes of a block, which its allocations point to by index. Immutable; versions that only
 * append share their arrays, each seeing its own length of them (as `FreeList` does).
 */
export class AttributeTable {
  static readonly empty = new AttributeTable([], [], 0, false);

  private constructor(
    private readonly attributes: Attribute[],
    /** By index, the tag of the attribute's handle as it is stored. */
    private readonly tags: number[],
    readonly length: number,
    /** Whether a handle has a carriage return, which makes its stored and its compared id differ. */
    private readonly hasReturns: boolean,
  ) {}

  static of(attributes: readonly Attribute[]): AttributeTable {
    return attributes.reduce((table, attribute) => table.with(attribute), AttributeTable.empty);
  }

  at(index: number): Attribute | undefined {
    return index < this.length ? this.attributes[index] : undefined;
  }

  /** Index of an attribute equal in handle and secondary map, or -1. */
  indexOf(wanted: Attribute): number {
    const tag = handleTag(wanted.handle);
    for (let i = 0; i < this.length; i++) {
      if (this.tags[i] !== tag) continue;
      const attribute = this.attributes[i]!;
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
   * Indexes of the attributes of a handle, ascending. Stored ids are compared sanitised, the given one
   * as it is, so an id with a carriage return has none.
   */
  indexesOf(handle: string): number[] {
    const found: number[] = [];
    const tag = handleTag(handle);
    for (let i = 0; i < this.length; i++) {
      if (this.tags[i] !== tag && !this.hasReturns) continue;
      const stored = this.attributes[i]!.handle;
      if (stored === null) continue;
      if ((this.hasReturns ? sanitiseHandle(stored) : stored) === handle) found.push(i);
    }
    return found;
  }

  /** The table with one more attribute, at index `length`. */
  with(attribute: Attribute): AttributeTable {
    let { attributes, tags } = this;
    if (attributes.length !== this.length || this.length === 0) {
      attributes = attributes.slice(0, this.length);
      tags = tags.slice(0, this.length);
    }
    attributes.push(attribute);
    tags.push(handleTag(attribute.handle));
    const hasReturns = this.hasReturns || (attribute.handle?.includes("\r") ?? false);
    return new AttributeTable(attributes, tags, this.length + 1, hasReturns);
  }

  /** The table without the attributes at these indexes; the others move down in order. */
  without(isGone: (index: number) => boolean): AttributeTable {
    const attributes: Attribute[] = [];
    const tags: number[] = [];
    for (let i = 0; i < this.length; i++) {
      if (isGone(i)) continue;
      attributes.push(this.attributes[i]!);
      tags.push(this.tags[i]!);
    }
    return new AttributeTable(attributes, tags, attributes.length, this.hasReturns);
  }

  toArray(): Attribute[] {
    return this.attributes.slice(0, this.length);
  }
}
