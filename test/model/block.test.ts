import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AffinityOwner } from "../../src/model/affinity.js";
import type { Attribute } from "../../src/model/attribute.js";
import {
  type Block,
  freeCount,
  type HostReserved,
  isEmptyBlock,
  newBlock,
  withAddressesReleased,
  withAllocated,
  withHandleReleased,
  withNextSequence,
  withoutAffinity,
} from "../../src/model/block.js";
import { blockOf, partsOf } from "../../src/model/block-parts.js";
import { Cidr } from "../../src/model/cidr.js";
import { ReservedAddresses } from "../../src/model/reservation.js";
import { CopiedBlock } from "./copied-block.js";

const OWNER: AffinityOwner = { type: "host", host: "node-1" };
const NOW_NS = 1_735_689_600_000_000_000n;
const CIDR = Cidr.of("10.0.0.0/29");

function fresh(reserved: HostReserved | null = null): Block {
  return newBlock(CIDR, OWNER, reserved, NOW_NS, null);
}

function assign(block: Block, count: number, attribute: Attribute): Block {
  const { unallocated } = block;
  return withAllocated(block, unallocated.first(count), unallocated.without(count), attribute);
}

const pod = (handle: string | null): Attribute => ({ handle, secondary: null });

function indexes(block: Block): (number | null)[] {
  return [...partsOf(block).allocations];
}

function handles(block: Block): (string | null)[] {
  return partsOf(block).attributes.map(({ handle }) => handle);
}

describe("a block", () => {
  it("is claimed with every ordinal free and in order", () => {
    const block = fresh();
    expect(block.unallocated.toArray()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(block.sequenceNumber).toBe(NOW_NS);
    expect(handles(block)).toEqual([]);
  });

  it("is claimed with both ends taken where a host reserves them, and still counts as empty", () => {
    const handle = "Windows-Reserved-IPAM-handle";
    const block = fresh({ startOfBlock: 3, endOfBlock: 1, handle, note: "kept" });
    expect(indexes(block)).toEqual([0, 0, 0, null, null, null, null, 0]);
    expect(block.unallocated.toArray()).toEqual([3, 4, 5, 6]);
    expect(partsOf(block).attributes).toEqual([{ handle, secondary: { note: "kept" } }]);
    expect(block.sequenceNumberOf(0)).toBeUndefined();
    expect(isEmptyBlock(block)).toBe(true);
    expect(isEmptyBlock(assign(block, 1, pod(null)))).toBe(false);
  });

  it("keeps the attribute of a reservation that reserves nothing", () => {
    const block = fresh({ startOfBlock: 0, endOfBlock: 0, handle: "h", note: "n" });
    expect(indexes(block).every((index) => index === null)).toBe(true);
    expect(handles(block)).toEqual(["h"]);
    const shared = assign(block, 1, { handle: "h", secondary: { note: "n" } });
    expect(handles(shared)).toEqual(["h"]);
    expect(indexes(shared)[0]).toBe(0);
  });

  it("shares equal attributes, and tells an empty map from a missing one", () => {
    let block = fresh();
    block = assign(block, 1, { handle: "a", secondary: { x: "1", y: "2" } });
    block = assign(block, 1, { handle: "a", secondary: {} });
    block = assign(block, 1, { handle: "a", secondary: { y: "2", x: "1" } });
    block = assign(block, 1, pod("a"));
    expect(indexes(block).slice(0, 5)).toEqual([0, 1, 0, 2, null]);
  });

  it("moves the indexes of later attributes down when one goes", () => {
    const block = ["a", "b", "c"].reduce((made, id) => assign(made, 1, pod(id)), fresh());
    const after = withHandleReleased(block, [0]);
    expect(indexes(after).slice(0, 3)).toEqual([null, 0, 1]);
    expect(handles(after)).toEqual(["b", "c"]);
    expect(after.unallocated.toArray()).toEqual([3, 4, 5, 6, 7, 0]);
    expect(handles(block)).toEqual(["a", "b", "c"]);
  });

  it("remembers the sequence number that was read, and forgets it for releases by address only", () => {
    const block = assign(withNextSequence(fresh()), 2, pod("a"));
    expect(block.sequenceNumber).toBe(NOW_NS + 2n);
    expect(block.sequenceNumberOf(0)).toBe(NOW_NS + 1n);
    expect(withHandleReleased(block, [0, 1]).sequenceNumberOf(0)).toBe(NOW_NS + 1n);
    expect(withAddressesReleased(block, [0]).sequenceNumberOf(0)).toBeUndefined();
    expect(withAddressesReleased(block, [0]).sequenceNumberOf(1)).toBe(NOW_NS + 1n);
  });

  it("finds ordinals by what precedes a carriage return in the stored handle", () => {
    const block = ["a\rb", "a", "b"].reduce((made, id) => assign(made, 1, pod(id)), fresh());
    expect(block.allocations.ordinalsOf("a")).toEqual([0, 1]);
    expect(block.allocations.ordinalsOf("a\rb")).toEqual([]);
  });

  it("tells handles apart that end alike, and holds none for an address without handle", () => {
    const block = ["x-name", "y-name", null].reduce(
      (made, id) => assign(made, 1, pod(id)),
      fresh(),
    );
    expect(block.allocations.ordinalsOf("y-name")).toEqual([1]);
    expect(block.allocations.ordinalsOf("")).toEqual([]);
  });

  it("counts free addresses without the reserved ones", () => {
    const some = ReservedAddresses.read([{ name: "r", cidrs: ["10.0.0.0/31"] }]);
    const all = ReservedAddresses.read([{ name: "r", cidrs: ["10.0.0.0/8"] }]);
    const block = assign(fresh(), 1, pod("a"));
    expect(freeCount(block, ReservedAddresses.none)).toBe(7);
    expect(freeCount(block, some as ReservedAddresses)).toBe(6);
    expect(freeCount(block, all as ReservedAddresses)).toBe(0);
  });

  it("refuses parts that point to no attribute, or whose sequence numbers are too far apart", () => {
    const parts = partsOf(assign(fresh(), 1, pod("a")));
    expect(() => blockOf({ ...parts, attributes: [] })).toThrow(RangeError);
    expect(() => blockOf({ ...parts, sequenceNumber: 0n })).toThrow(/too far apart/);
  });
});

type Step =
  | { readonly kind: "assign"; readonly count: number; readonly attribute: Attribute }
  | { readonly kind: "handle"; readonly handle: string }
  | { readonly kind: "address"; readonly picks: readonly number[] }
  | { readonly kind: "touch" | "abandon" };

const HANDLES = ["a", "ab", "pod-a", "pod-b", "a\rb", "\r", "windows-reserved-ipam-handle"];

const attributes = fc.record({
  handle: fc.constantFrom(null, ...HANDLES),
  secondary: fc.constantFrom(null, {}, { pod: "a" }, { pod: "a", node: "n" }),
});

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("assign"),
      count: fc.integer({ min: 1, max: 5 }),
      attribute: attributes,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("handle"), handle: fc.constantFrom(...HANDLES) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("address"),
      picks: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("touch", "abandon") }) },
);

interface Pair {
  readonly block: Block;
  readonly copied: CopiedBlock;
}

function take({ block, copied }: Pair, step: Step): Pair {
  switch (step.kind) {
    case "assign": {
      const { unallocated } = copied.parts;
      const count = Math.min(step.count, unallocated.length);
      if (count === 0) return { block, copied };
      const { attribute } = step;
      return {
        block: assign(block, count, attribute),
        copied: copied.assigned(count, attribute),
      };
    }
    case "handle": {
      const ordinals = block.allocations.ordinalsOf(step.handle);
      expect(ordinals).toEqual(copied.ordinalsOf(step.handle));
      return {
        block: withHandleReleased(block, ordinals),
        copied: copied.releasedByHandle(step.handle),
      };
    }
    case "address": {
      const { allocations } = copied.parts;
      const held = [...allocations.keys()].filter((ordinal) => allocations[ordinal] !== null);
      if (held.length === 0) return { block, copied };
      // The same ordinal may be picked twice: two texts of one address.
      const ordinals = step.picks.map((pick) => held[pick % held.length]!);
      return {
        block: withAddressesReleased(block, ordinals),
        copied: copied.releasedByAddress(ordinals),
      };
    }
    case "touch":
      return { block: withNextSequence(block), copied: copied.touched() };
    case "abandon":
      return { block: withoutAffinity(block), copied: copied.abandoned() };
  }
}

describe("versions of a block", () => {
  it("are what copies would be, whichever version is changed and in whatever order they are read", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 8, 64),
        fc.array(fc.tuple(fc.nat(), steps), { maxLength: 40 }),
        fc.array(fc.nat(), { maxLength: 60 }),
        (size, plan, reads) => {
          const copied = CopiedBlock.empty(size, OWNER, NOW_NS);
          const versions: Pair[] = [
            { copied, block: newBlock(copied.parts.cidr, OWNER, null, NOW_NS, null) },
          ];
          for (const [origin, step] of plan) {
            // Mostly the newest version is changed, as in life; sometimes an older one.
            const index = origin % 3 > 0 ? versions.length - 1 : origin % versions.length;
            versions.push(take(versions[index]!, step));
          }
          for (const read of [...reads.map((read) => read % versions.length), ...versions.keys()]) {
            const { block, copied: expected } = versions[read]!;
            expect(partsOf(block)).toEqual(expected.parts);
            expect(partsOf(blockOf(expected.parts))).toEqual(expected.parts);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("stay readable in blocks of 4,096 addresses after many changes", () => {
    const first = newBlock(Cidr.of("10.0.0.0/20"), OWNER, null, NOW_NS, null);
    let block = first;
    for (let i = 0; i < 4096; i++) block = assign(block, 1, pod(`pod-${i}`));
    expect(block.allocations.ordinalsOf("pod-4095")).toEqual([4095]);
    expect(first.attributeOf(4095)).toBeUndefined();
    expect(block.attributeOf(4095)).toEqual(pod("pod-4095"));
    expect(block.sequenceNumberOf(4095)).toBe(NOW_NS + 4095n);
  });
});
