import { describe, expect, it } from "vitest";
import { partsOf } from "../../src/model/block-parts.js";
import type { JsonObject } from "../../src/formats/golden/trace-line.js";
import { formatAddress } from "../../src/model/address.js";
import { UNLIMITED } from "../../src/protocol/environment.js";
import type { ReleaseOption } from "../../src/protocol/release-ips.js";
import { errorText, Trial } from "./trial.js";

const POOL = { cidr: "10.0.0.0/28", blockSize: 28 } as const;
const BLOCK = "10.0.0.0/28";

/** Node n1 holds the first addresses of the one block, all of handle `h`. */
function withHandle(count: number, release?: string): Trial {
  const trial = Trial.with([POOL], release);
  trial.assign("n1", count, { handle: "h" });
  return trial;
}

function release(trial: Trial, ...addresses: string[]) {
  return trial.run({ op: "releaseIPs", ips: addresses.map((address) => ({ address })) });
}

describe("ReleaseIPs", () => {
  it("counts a handle down by one, however many of its addresses were freed", () => {
    const trial = withHandle(2);
    const { calls, result } = release(trial, "10.0.0.0", "10.0.0.1");
    expect(result).toEqual({ unallocated: [] });
    expect(calls).toEqual([
      "list pools",
      "list pools",
      `get block ${BLOCK}`,
      `update block ${BLOCK}`,
      "get handle h",
      "update handle h",
      "get node n1",
      "list pools",
    ]);
    expect(trial.allocated(BLOCK)).toEqual([]);
    expect(trial.handles()).toEqual({ h: { [BLOCK]: 1 } });
  });

  it("lists all handles once from three entries on, duplicates counted", () => {
    const trial = withHandle(1);
    trial.assign("n1", 1, { handle: "i" });
    const { calls } = release(trial, "10.0.0.0", "10.0.0.1", "10.0.0.1");
    expect(calls).toEqual([
      "list pools",
      "list pools",
      "list handles",
      `get block ${BLOCK}`,
      `update block ${BLOCK}`,
      "delete handle h",
      "delete handle i",
      "get node n1",
      "list pools",
    ]);
    expect(trial.handles()).toEqual({});
  });

  it("reads a handle again whose listed copy was used up by another block", () => {
    const trial = Trial.with([{ cidr: "10.0.0.0/29", blockSize: 30 }]);
    trial.assign("n1", 8, { handle: "h" });
    // The walk starts at the second block; each is counted by the number still asked for.
    expect(trial.handles()).toEqual({ h: { "10.0.0.4/30": 8, "10.0.0.0/30": 4 } });
    const { calls } = release(trial, "10.0.0.0", "10.0.0.4", "10.0.0.5");
    expect(calls.filter((call) => call.includes("handle"))).toEqual([
      "list handles",
      "update handle h",
      "update handle h: conflict",
      "get handle h",
      "update handle h",
    ]);
    expect(trial.handles()).toEqual({ h: { "10.0.0.4/30": 7, "10.0.0.0/30": 3 } });
  });

  it.each([
    ["v3.28.4", ["list pools", "list pools", "list pools", "list pools"], 2],
    ["v3.30.3", ["list pools", "list pools", "list pools", "list pools"], 2],
    ["v3.30.4", ["list pools", "list pools", "list pools"], 1],
    ["v3.31.0", ["list pools", "list pools", "list pools"], 1],
  ])("without pools lists them for each address, as it does blocks (%s)", (name, pools, blocks) => {
    const trial = withHandle(2, name);
    trial.datastore.deletePool(BLOCK);
    const { calls, result } = release(trial, "10.0.0.0", "10.0.0.1");
    expect(result).toEqual({ unallocated: [] });
    expect(calls.filter((call) => call === "list pools")).toEqual([
      ...pools,
      // The last one checks the node that owns the block.
      "list pools",
    ]);
    expect(calls.filter((call) => call.startsWith("list blocks"))).toHaveLength(blocks);
    expect(trial.allocated(BLOCK)).toEqual([]);
  });

  it("an address in no pool and no block is unallocated", () => {
    const trial = withHandle(1);
    const { calls, result } = release(trial, "10.9.0.1");
    expect(calls).toEqual(["list pools", "list pools", "list blocks ipv4"]);
    expect(result).toEqual({ unallocated: ["10.9.0.1"] });
  });

  it("a block list of v3.30.4 is that of the first such address's version", () => {
    const trial = withHandle(1, "v3.30.4");
    const { calls, result } = release(trial, "fd00::1", "10.9.0.1");
    expect(calls.filter((call) => call.startsWith("list blocks"))).toEqual(["list blocks ipv6"]);
    expect(result).toEqual({ unallocated: ["fd00::1", "10.9.0.1"] });
  });

  it("does not write a block of which nothing was assigned", () => {
    const trial = withHandle(1);
    const { calls, result } = release(trial, "10.0.0.5", "10.0.0.4");
    expect(calls.at(-1)).toBe(`get block ${BLOCK}`);
    // By text, as the recordings have it.
    expect(result).toEqual({ unallocated: ["10.0.0.4", "10.0.0.5"] });
  });

  it("writes it unchanged when an entry is there twice", () => {
    const trial = withHandle(1);
    const before = trial.block(BLOCK);
    const indexes = trial.indexes(BLOCK, 16);
    const { calls } = release(trial, "10.0.0.5", "10.0.0.5");
    expect(calls.slice(3, 4)).toEqual([`update block ${BLOCK}`]);
    const after = trial.block(BLOCK);
    expect(after.sequenceNumber).toBe(before.sequenceNumber + 1n);
    expect(trial.indexes(BLOCK, 16)).toEqual(indexes);
    expect(after.unallocated.toArray()).toEqual(before.unallocated.toArray());
  });

  it("deletes an empty block that nobody owns", () => {
    const trial = withHandle(1);
    trial.run({ op: "releaseAffinity", host: "n1", cidr: BLOCK });
    expect(trial.ownerOf(BLOCK)).toBeNull();
    const { calls } = release(trial, "10.0.0.0");
    expect(calls.slice(2)).toEqual([
      `get block ${BLOCK}`,
      `delete block ${BLOCK}`,
      "get handle h",
      "delete handle h",
    ]);
  });

  it("a deleted node ends the check of the block's owner", () => {
    const trial = withHandle(1);
    trial.datastore.deleteNode("n1");
    expect(release(trial, "10.0.0.0").calls.at(-1)).toBe("get node n1: notFound");
    expect(trial.ownerOf(BLOCK)).toBe("host:n1");
  });

  it.each<[string, Partial<ReleaseOption>, string | undefined]>([
    ["the right sequence number", { sequenceNumber: 0n }, undefined],
    ["another sequence number", { sequenceNumber: 7n }, "update conflict: 10.0.0.0"],
    ["the right handle", { handle: "h\rx" }, undefined],
    ["another handle", { handle: "other" }, "update conflict: 10.0.0.0"],
  ])("%s: %s", (_, given, expected) => {
    const trial = withHandle(2);
    const base = trial.block(BLOCK).sequenceNumberOf(0)!;
    const { sequenceNumber } = given;
    const option = {
      address: "10.0.0.0",
      ...given,
      ...(sequenceNumber !== undefined && { sequenceNumber: base + sequenceNumber }),
    };
    const steps = trial.ipam.releaseIps(UNLIMITED, [option, { address: "10.0.0.1" }]);
    const { calls, result } = trial.perform(steps);
    expect(errorText(result)).toBe(expected);
    // A mismatch fails the whole block and is not tried again.
    expect(calls.filter((call) => call.startsWith("update block"))).toHaveLength(
      expected === undefined ? 1 : 0,
    );
  });

  it("a given sequence number is compared even with a free address, where it is zero", () => {
    const trial = withHandle(1);
    const ask = (sequenceNumber: bigint) =>
      trial.perform(trial.ipam.releaseIps(UNLIMITED, [{ address: "10.0.0.9", sequenceNumber }]));
    expect(errorText(ask(1n).result)).toBe("update conflict: 10.0.0.9");
    expect(ask(0n).result.unallocated.map(formatAddress)).toEqual(["10.0.0.9"]);
  });

  it.each([
    [
      "an empty address",
      "",
      "No IP address specified in options: {Address: Handle: SequenceNumber:<nil>}",
    ],
    ["no address", "10.0.0.256", "failed to parse IP: 10.0.0.256"],
  ])("refuses %s", (_, address, text) => {
    expect(release(withHandle(1), address).result["error"]).toBe(text);
  });

  it("works on the other blocks when one fails, and tells what it released from v3.31.0 on", () => {
    for (const name of ["v3.30.7", "v3.31.0"]) {
      const trial = Trial.with([{ cidr: "10.0.0.0/29", blockSize: 30 }], name);
      trial.assign("n1", 8, { handle: "h" });
      const options: ReleaseOption[] = [
        { address: "10.0.0.0", handle: "other" },
        { address: "10.0.0.4", handle: "h" },
        { address: "10.9.0.1" },
      ];
      const { result } = trial.perform(trial.ipam.releaseIps(UNLIMITED, options));
      expect(errorText(result)).toBe("update conflict: 10.0.0.0");
      expect(result.unallocated.map(formatAddress)).toEqual(["10.9.0.1"]);
      // An address in no block is not among the released ones.
      expect(result.released).toEqual(name === "v3.31.0" ? [options[1]] : null);
      expect(trial.allocated("10.0.0.4/30")).toEqual([1, 2, 3]);
    }
  });
});

describe("ReleaseByHandle", () => {
  it("a deleted node ends the check of the block's owner", () => {
    const trial = withHandle(1);
    trial.datastore.deleteNode("n1");
    expect(trial.run({ op: "releaseByHandle", handle: "h" }).calls.at(-1)).toBe(
      "get node n1: notFound",
    );
  });

  it("leaves a handle alone of which the block has no address", () => {
    const trial = withHandle(2);
    release(trial, "10.0.0.0", "10.0.0.1");
    const { calls, result } = trial.run({ op: "releaseByHandle", handle: "h" });
    expect(calls).toEqual(["get handle h", `get block ${BLOCK}`]);
    expect(result).toEqual({});
    expect(trial.handles()).toEqual({ h: { [BLOCK]: 1 } });
  });

  it("reduces an overstated count by what it found", () => {
    const trial = withHandle(3);
    release(trial, "10.0.0.0", "10.0.0.1");
    trial.run({ op: "releaseByHandle", handle: "h" });
    expect(trial.allocated(BLOCK)).toEqual([]);
    expect(trial.handles()).toEqual({ h: { [BLOCK]: 1 } });
  });
});

describe("a handle with a carriage return", () => {
  const ID = "a\r\nb";

  it("is kept as it is by assigning, and cut by what compares it", () => {
    const trial = Trial.with([POOL]);
    trial.assign("n1", 1, { handle: ID });
    trial.run({ op: "assignIP", host: "n1", ip: "10.0.0.3", handle: ID });
    expect(trial.handles()).toEqual({ [ID]: { [BLOCK]: 2 } });

    const byHandle = trial.run({ op: "releaseByHandle", handle: ID });
    expect(byHandle.calls).toEqual(["get handle a: notFound"]);
    expect(byHandle.result["error"]).toBe(
      "resource does not exist: IPAMHandleKey(id=a) with error: <nil>",
    );

    const ips = trial.run({ op: "ipsByHandle", handle: ID });
    expect(ips.calls).toEqual([`get handle ${ID}`, `get block ${BLOCK}`]);
    expect(ips.result).toEqual({ ips: [] });

    const given = { op: "releaseIPs", ips: [{ address: "10.0.0.0", handle: "a\rzzz" }] };
    expect(trial.run(given as JsonObject).result["error"]).toBeUndefined();
    expect(trial.allocated(BLOCK)).toEqual([3]);
  });

  it("is found by ReleaseByHandle through a handle of the cut id", () => {
    const trial = Trial.with([POOL]);
    trial.assign("n1", 1, { handle: "a\rb" });
    trial.assign("n1", 1, { handle: "a" });
    expect(trial.run({ op: "releaseByHandle", handle: "a\rb" }).result).toEqual({});
    expect(trial.allocated(BLOCK)).toEqual([]);
  });
});

describe("attributes", () => {
  it("are shared by addresses of equal handle and secondary map; no map differs from an empty one", () => {
    const trial = Trial.with([POOL]);
    const ask = (ip: number, more: JsonObject) =>
      trial.run({ op: "assignIP", host: "n1", ip: `10.0.0.${ip}`, handle: "h", ...more });
    ask(0, {});
    ask(1, { attrs: {} });
    ask(2, { attrs: { pod: "p" } });
    ask(3, {});
    ask(4, { attrs: {} });
    ask(5, { attrs: { pod: "p" } });
    ask(6, { handle: null });
    expect(trial.attributes(BLOCK)).toEqual([
      ["h", null],
      ["h", {}],
      ["h", { pod: "p" }],
      [null, null],
    ]);
    expect(partsOf(trial.block(BLOCK)).allocations.slice(0, 8)).toEqual([
      0,
      1,
      2,
      0,
      1,
      2,
      3,
      null,
    ]);
  });

  it("go with their last address in ReleaseIPs, and the others move down", () => {
    const trial = Trial.with([POOL]);
    for (const handle of ["a", "b", "c"]) trial.assign("n1", 2, { handle });
    release(trial, "10.0.0.0");
    expect(partsOf(trial.block(BLOCK)).allocations.slice(0, 6)).toEqual([null, 0, 1, 1, 2, 2]);
    release(trial, "10.0.0.1", "10.0.0.2");
    expect(trial.attributes(BLOCK)).toEqual([
      ["b", null],
      ["c", null],
    ]);
    expect(partsOf(trial.block(BLOCK)).allocations.slice(0, 6)).toEqual([
      null,
      null,
      null,
      0,
      1,
      1,
    ]);
  });

  it("go all with their handle in ReleaseByHandle", () => {
    const trial = Trial.with([POOL]);
    trial.assign("n1", 1, { handle: "a", attrs: { pod: "p" } });
    trial.assign("n1", 1, { handle: "b" });
    trial.assign("n1", 1, { handle: "a", attrs: { pod: "q" } });
    trial.run({ op: "releaseByHandle", handle: "a" });
    expect(trial.attributes(BLOCK)).toEqual([["b", null]]);
    expect(partsOf(trial.block(BLOCK)).allocations.slice(0, 3)).toEqual([null, 0, null]);
    expect(trial.block(BLOCK).unallocated.toArray().slice(-2)).toEqual([0, 2]);
  });
});

describe("sequence numbers", () => {
  it("start as the clock and grow by one an update; an address keeps the one before it", () => {
    const trial = Trial.with([POOL]);
    trial.run({ op: "claimAffinity", host: "n1", cidr: BLOCK });
    const start = trial.block(BLOCK).sequenceNumber;
    expect(start / 1_000_000_000n).toBe(1_735_689_600n);
    trial.assign("n1", 1, { handle: "a" });
    trial.assign("n1", 2, { handle: "b" });
    const block = trial.block(BLOCK);
    expect(block.sequenceNumber).toBe(start + 2n);
    expect([0, 1, 2, 3].map((ordinal) => block.sequenceNumberOf(ordinal))).toEqual([
      start,
      start + 1n,
      start + 1n,
      undefined,
    ]);
  });

  it.each([
    ["ReleaseIPs drops that of a freed address", "releaseIPs", undefined],
    ["ReleaseByHandle keeps it until the address is assigned again", "releaseByHandle", 0n],
  ])("%s", (_, op, expected) => {
    const trial = withHandle(1);
    const start = trial.block(BLOCK).sequenceNumberOf(0)!;
    trial.run({ op, handle: "h", ips: [{ address: "10.0.0.0" }] });
    const kept = trial.block(BLOCK).sequenceNumberOf(0);
    expect(kept).toBe(expected === undefined ? undefined : start + expected);
    trial.run({ op: "assignIP", host: "n1", ip: "10.0.0.0" });
    // Created at start, then assigned and released: two updates before this one.
    expect(trial.block(BLOCK).sequenceNumberOf(0)).toBe(start + 2n);
  });
});
