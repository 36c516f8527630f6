import { describe, expect, it } from "vitest";
import { MemoryDatastore } from "../../src/datastore/memory.js";
import type { Operation } from "../../src/exploration/operation.js";
import { INVARIANTS, Watch, type WatchedClient } from "../../src/exploration/watch.js";
import {
  type Block,
  newBlock,
  withAllocated,
  withHandleReleased,
  withNextSequence,
  withoutAffinity,
} from "../../src/model/block.js";
import { Cidr } from "../../src/model/cidr.js";
import { FreeList } from "../../src/model/free-list.js";
import { makePool } from "../../src/model/pool.js";

const cidr = Cidr.of("10.0.0.0/30");
const empty = newBlock(cidr, { type: "host", host: "node-0" }, null, 0n, null);

/** The block with an address more for a handle, as the next update would write it. */
function assigned(block: Block, ordinal: number, handle: string): Block {
  const left = block.unallocated.filter((free) => free !== ordinal);
  return withAllocated(block, [ordinal], left, { handle, secondary: null });
}

function client(operation: Operation): WatchedClient {
  return { operation, assigned: new Set() };
}

function autoAssign(host: string, handle: string): WatchedClient {
  const use = "Workload";
  return client({ op: "autoAssign", host, num4: 1, num6: 0, handle, use, maxBlocksPerHost: 0 });
}

const assignIp = client({
  op: "assignIp",
  host: "node-0",
  address: "10.0.0.0",
  handle: "pod",
});
const releasePod = client({ op: "releaseByHandle", handle: "pod" });
const releaseHost = client({ op: "releaseHostAffinities", host: "node-0", mustBeEmpty: false });

function makeWatch(strictAffinity = false, reserved: string[] = [], disabled = false): Watch {
  const datastore = new MemoryDatastore({ existsShowsInner: false, affinityKeyShowsType: false });
  datastore.setPool(makePool({ name: "pool", cidr, blockSize: 30, disabled }));
  datastore.setConfig({ strictAffinity, autoAllocateBlocks: true, maxBlocksPerHost: 0 });
  return new Watch(datastore, reserved, false);
}

const onePod = assigned(empty, 0, "pod");
const ownerless = withoutAffinity(onePod);
const released = withHandleReleased(onePod, [0]);
const lostFromFreeList = withAllocated(empty, [0], FreeList.of([2, 3]), {
  handle: "pod",
  secondary: null,
});

describe("what the watch lets pass", () => {
  it.each<[string, (watch: Watch) => void]>([
    ["an assignment", (w) => w.written(assignIp, empty, onePod)],
    ["a release", (w) => w.written(releasePod, onePod, released)],
    ["giving up a block in use", (w) => w.written(releaseHost, onePod, ownerless)],
    ["deleting an empty block", (w) => w.written(releaseHost, empty, undefined)],
    ["deleting a block with its last address", (w) => w.written(releasePod, ownerless, undefined)],
  ])("%s", (_name, write) => {
    const watch = makeWatch();
    write(watch);
    expect(watch.checks).toBe(1);
  });

  it("knows which addresses are held, until they are released", () => {
    const watch = makeWatch();
    watch.written(assignIp, empty, onePod);
    expect(watch.isHeld("10.0.0.0")).toBe(false);
    watch.answered(assignIp, { error: null, assigned: ["10.0.0.0"], other: [] });
    expect(watch.isHeld("10.0.0.0")).toBe(true);
    watch.written(releasePod, onePod, undefined);
    expect(watch.isHeld("10.0.0.0")).toBe(false);
  });
});

describe("what the watch refuses", () => {
  const answer = { error: null, assigned: ["10.0.0.1"], other: [] };
  const examples: Record<(typeof INVARIANTS)[number], () => void> = {
    "free list and allocations partition the block": () =>
      makeWatch().written(assignIp, empty, lostFromFreeList),
    "an assigned address keeps its holder until it is released": () =>
      makeWatch().written(autoAssign("node-0", "b"), onePod, assigned(onePod, 0, "b")),
    "only the operation that asks for it assigns an address": () =>
      makeWatch().written(releasePod, empty, onePod),
    "only the operation that names it releases an address": () =>
      makeWatch().written(releaseHost, onePod, released),
    "a block that holds addresses is not deleted": () =>
      makeWatch().written(releaseHost, onePod, undefined),
    "a block changes owner only by having none": () =>
      makeWatch().written(
        releaseHost,
        withoutAffinity(empty),
        withNextSequence(withNextSequence(empty)),
      ),
    "an update raises the sequence number by one": () =>
      makeWatch().written(assignIp, empty, withNextSequence(onePod)),
    "strict affinity: addresses come from own blocks": () =>
      makeWatch(true).written(autoAssign("node-1", "pod"), empty, onePod),
    "reserved addresses are not given out": () =>
      makeWatch(false, ["10.0.0.0"]).written(autoAssign("node-0", "pod"), empty, onePod),
    "addresses come from enabled pools": () =>
      makeWatch(false, [], true).written(autoAssign("node-0", "pod"), empty, onePod),
    "an answer names addresses that the operation itself assigned, each once": () =>
      makeWatch().answered(assignIp, answer),
  };

  it.each(INVARIANTS)("%s", (invariant) => {
    expect(examples[invariant]).toThrow(`invariant broken: ${invariant}`);
  });
});
