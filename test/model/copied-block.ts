import type { AffinityOwner } from "../../src/model/affinity.js";
import type { Attribute } from "../../src/model/attribute.js";
import type { BlockParts } from "../../src/model/block-parts.js";
import { Cidr } from "../../src/model/cidr.js";

const same = (a: Attribute, b: Attribute) =>
  a.handle === b.handle &&
  JSON.stringify(a.secondary === null ? null : Object.entries(a.secondary).sort()) ===
    JSON.stringify(b.secondary === null ? null : Object.entries(b.secondary).sort());

const beforeReturn = (id: string) => id.split("\r")[0];

/**
 * A block that copies everything for every version and follows Calico's stored form literally:
 * allocations are indexes into a list of attributes, which are rewritten when attributes go.
 */
export class CopiedBlock {
  private constructor(readonly parts: BlockParts) {}

  static empty(size: number, owner: AffinityOwner, sequenceNumber: bigint): CopiedBlock {
    return new CopiedBlock({
      cidr: Cidr.of(`10.0.0.0/${32 - Math.log2(size)}`),
      affinity: owner,
      allocations: new Array<null>(size).fill(null),
      unallocated: Array.from({ length: size }, (_, ordinal) => ordinal),
      attributes: [],
      sequenceNumber,
      allocationSequenceNumbers: new Map(),
      claimTimeSeconds: null,
    });
  }

  #next(changes: Partial<BlockParts>): CopiedBlock {
    const sequenceNumber = this.parts.sequenceNumber + 1n;
    return new CopiedBlock({ ...this.parts, ...changes, sequenceNumber });
  }

  touched(): CopiedBlock {
    return this.#next({});
  }

  abandoned(): CopiedBlock {
    return this.#next({ affinity: null });
  }

  /** Takes the first free addresses. */
  assigned(count: number, attribute: Attribute): CopiedBlock {
    const { parts } = this;
    const taken = parts.unallocated.slice(0, count);
    const known = parts.attributes.findIndex((other) => same(other, attribute));
    const index = known < 0 ? parts.attributes.length : known;
    const numbers = new Map(parts.allocationSequenceNumbers);
    for (const ordinal of taken) numbers.set(ordinal, parts.sequenceNumber);
    return this.#next({
      allocations: parts.allocations.map((old, ordinal) => (taken.includes(ordinal) ? index : old)),
      unallocated: parts.unallocated.slice(count),
      attributes: known < 0 ? [...parts.attributes, attribute] : parts.attributes,
      allocationSequenceNumbers: numbers,
    });
  }

  ordinalsOf(handle: string): number[] {
    const { allocations, attributes } = this.parts;
    return [...allocations.keys()].filter((ordinal) => {
      const index = allocations[ordinal];
      const stored = index === null ? null : attributes[index!]!.handle;
      return stored !== null && beforeReturn(stored) === handle;
    });
  }

  releasedByHandle(handle: string): CopiedBlock {
    const ordinals = this.ordinalsOf(handle);
    const { allocations, allocationSequenceNumbers } = this.parts;
    const gone = new Set(ordinals.map((ordinal) => allocations[ordinal]!));
    return this.#released(ordinals, gone, allocationSequenceNumbers);
  }

  releasedByAddress(ordinals: readonly number[]): CopiedBlock {
    const { allocations, attributes } = this.parts;
    const gone = new Set<number>();
    attributes.forEach((_, index) => {
      const listed = ordinals.filter((ordinal) => allocations[ordinal] === index).length;
      const held = allocations.filter((other) => other === index).length;
      if (listed > 0 && listed === held) gone.add(index);
    });
    const numbers = new Map(this.parts.allocationSequenceNumbers);
    for (const ordinal of ordinals) numbers.delete(ordinal);
    return this.#released(ordinals, gone, numbers);
  }

  #released(
    ordinals: readonly number[],
    gone: ReadonlySet<number>,
    allocationSequenceNumbers: ReadonlyMap<number, bigint>,
  ): CopiedBlock {
    const { allocations, attributes, unallocated } = this.parts;
    const kept = [...attributes.keys()].filter((index) => !gone.has(index));
    return this.#next({
      allocations: allocations.map((index, ordinal) =>
        index === null || ordinals.includes(ordinal) || gone.has(index)
          ? null
          : kept.indexOf(index),
      ),
      unallocated: [...unallocated, ...ordinals],
      attributes: kept.map((index) => attributes[index]!),
      allocationSequenceNumbers,
    });
  }
}
