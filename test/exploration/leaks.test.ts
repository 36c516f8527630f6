import { describe, expect, it } from "vitest";
import { MemoryDatastore } from "../../src/datastore/memory.js";
import { findLeaks, type LeakKind, leakKinds } from "../../src/exploration/leaks.js";
import type { AffinityOwner, AffinityState } from "../../src/model/affinity.js";
import {
  newBlock,
  withAllocated,
  withNextSequence,
  withoutAffinity,
} from "../../src/model/block.js";
import { Cidr } from "../../src/model/cidr.js";

const cidr = Cidr.of("10.0.0.0/30");
const owner = (host: string): AffinityOwner => ({ type: "host", host });
const empty = newBlock(cidr, owner("node-0"), null, 0n, null);
const attribute = { handle: "pod", secondary: null };
const used = withAllocated(empty, [0], empty.unallocated.without(1), attribute);

function store(fill: (datastore: MemoryDatastore) => void): MemoryDatastore {
  const datastore = new MemoryDatastore({ existsShowsInner: false, affinityKeyShowsType: false });
  fill(datastore);
  return datastore;
}

function kindsOf(datastore: MemoryDatastore, isHeld = true): LeakKind[] {
  return findLeaks(datastore, () => isHeld).map((leak) => leak.kind);
}

function affinity(datastore: MemoryDatastore, state: AffinityState, host = "node-0"): void {
  datastore.setAffinity({ ...owner(host), cidr, state });
}

describe("what is left behind", () => {
  it("is nothing in a clean state", () => {
    const clean = store((datastore) => {
      datastore.setBlock(used);
      datastore.setHandle({ id: "pod", blocks: [{ cidr, count: 1 }] });
      affinity(datastore, "confirmed");
    });
    expect(kindsOf(clean)).toEqual([]);
  });

  it.each<[LeakKind, (datastore: MemoryDatastore) => void]>([
    ["handle-without-address", (d) => d.setHandle({ id: "pod", blocks: [{ cidr, count: 1 }] })],
    ["pending-affinity-without-block", (d) => affinity(d, "pending")],
    ["pendingDeletion-affinity-without-block", (d) => affinity(d, "pendingDeletion")],
    ["confirmed-affinity-without-block", (d) => affinity(d, "confirmed")],
    ["block-without-affinity-object", (d) => d.setBlock(empty)],
    ["empty-block-without-owner", (d) => d.setBlock(withNextSequence(withoutAffinity(empty)))],
  ])("is one %s", (kind, fill) => {
    expect(kindsOf(store(fill))).toEqual([kind]);
  });

  it.each<[LeakKind, AffinityState, string]>([
    ["pending-affinity-on-own-block", "pending", "node-0"],
    ["pendingDeletion-affinity-on-own-block", "pendingDeletion", "node-0"],
    ["pending-affinity-on-foreign-block", "pending", "node-1"],
    ["pendingDeletion-affinity-on-foreign-block", "pendingDeletion", "node-1"],
    ["confirmed-affinity-of-foreign-block", "confirmed", "node-1"],
  ])("is one %s", (kind, state, host) => {
    const datastore = store((d) => {
      d.setBlock(empty);
      if (host !== "node-0") affinity(d, "confirmed");
      affinity(d, state, host);
    });
    expect(kindsOf(datastore)).toEqual([kind]);
  });

  it("is an address without handle when the handle counts too few or does not exist", () => {
    const datastore = store((d) => {
      d.setBlock(used);
      affinity(d, "confirmed");
    });
    expect(kindsOf(datastore)).toEqual(["address-without-handle"]);
  });

  it("is an address that its caller does not know of", () => {
    const datastore = store((d) => {
      d.setBlock(used);
      affinity(d, "confirmed");
      d.setHandle({ id: "pod", blocks: [{ cidr, count: 1 }] });
    });
    expect(kindsOf(datastore, false)).toEqual(["address-unknown-to-caller"]);
  });

  it("is of no known kind: then that is a defect", () => {
    const datastore = store((d) => d.setHandle({ id: "pod", blocks: [] }));
    expect(() => kindsOf(datastore)).toThrow(/of a known kind/);
  });

  it("covers every kind by one of the examples above", () => {
    expect(leakKinds).toHaveLength(13);
  });
});
