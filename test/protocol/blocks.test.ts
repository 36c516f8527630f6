import { describe, expect, it } from "vitest";
import { newBlock, withoutAffinity } from "../../src/model/block.js";
import { CalicoError } from "../../src/model/calico-error.js";
import { Cidr } from "../../src/model/cidr.js";
import type { EnsureBlockArguments } from "../../src/protocol/ensure-block.js";
import { UNLIMITED } from "../../src/protocol/environment.js";
import { countOf, errorText, fail, Trial, WINDOWS_RESERVED } from "./trial.js";

const BLOCK = "10.0.0.0/28";
const POOL = { cidr: BLOCK, blockSize: 28 } as const;

describe("a block with Windows' reserved addresses", () => {
  function reserved(handle: string): Trial {
    const trial = Trial.with([POOL]).config({ strictAffinity: true });
    const op = { op: "assignIP", host: "n1", ip: "10.0.0.5", windows: true };
    trial.run({ ...op, reserved: { ...WINDOWS_RESERVED, handle } });
    trial.run({ op: "releaseIPs", ips: [{ address: "10.0.0.5" }] });
    return trial;
  }

  it("gives neither its first three nor its last address", () => {
    const trial = reserved(WINDOWS_RESERVED.handle);
    expect(trial.allocated(BLOCK)).toEqual([0, 1, 2, 15]);
    expect(trial.attributes(BLOCK)).toEqual([
      ["windows-reserved-ipam-handle", { note: "windows host rsvd" }],
    ]);
    expect(trial.block(BLOCK).sequenceNumberOf(0)).toBeUndefined();
    expect(trial.handles()).toEqual({});
  });

  it.each(["windows-reserved-ipam-handle", "Windows-Reserved-IPAM-Handle"])(
    "is empty when nothing else is allocated (%s)",
    (handle) => {
      const trial = reserved(handle);
      const op = { op: "releaseAffinity", host: "n1", cidr: BLOCK, mustBeEmpty: true };
      expect(trial.run(op).result).toEqual({});
      expect(trial.hasBlock(BLOCK)).toBe(false);
    },
  );

  it.each(["other", "windows-reserved-ipam-handle\r"])("is not with the handle %j", (handle) => {
    const op = { op: "releaseAffinity", host: "n1", cidr: BLOCK, mustBeEmpty: true };
    expect(reserved(handle).run(op).result["error"]).toBe(`block '${BLOCK}' is not empty`);
  });

  it("is not empty with an address that has no handle", () => {
    const trial = reserved(WINDOWS_RESERVED.handle);
    trial.run({ op: "assignIP", host: "n1", ip: "10.0.0.7" });
    const op = { op: "releaseAffinity", host: "n1", cidr: BLOCK, mustBeEmpty: true };
    expect(trial.run(op).result["error"]).toBe(`block '${BLOCK}' is not empty`);
  });

  it("is deleted with its last address when nobody owns it", () => {
    const trial = reserved(WINDOWS_RESERVED.handle);
    trial.run({ op: "assignIP", host: "n1", ip: "10.0.0.7", handle: "h" });
    trial.run({ op: "releaseAffinity", host: "n1", cidr: BLOCK });
    expect(trial.ownerOf(BLOCK)).toBeNull();
    const { calls } = trial.run({ op: "releaseByHandle", handle: "h" });
    expect(calls).toContain(`delete block ${BLOCK}`);
  });
});

describe("EnsureBlock", () => {
  const V6 = { cidr: "fd00::/116", blockSize: 116 } as const;
  const none = { host: "n1", pools4: [], pools6: [], reserved4: null, reserved6: null } as const;

  function ensure(trial: Trial, args: Partial<EnsureBlockArguments>) {
    return trial.perform(trial.ipam.ensureBlock(UNLIMITED, { ...none, ...args }));
  }

  it("does nothing for a version without reserved addresses", () => {
    const { calls, result } = ensure(Trial.with([POOL, V6]), {});
    expect(calls).toEqual([]);
    expect(result).toEqual({ v4: null, v6: null, error: null });
  });

  it.each([
    ["v3.28.4", `the given pool (${BLOCK}) does not exist, or is not enabled`],
    ["v3.31.6", `the given pool (${BLOCK}) does not exist, or is not enabled`],
    ["v3.31.7", undefined],
    ["v3.32.1", `the given pool (${BLOCK}) does not exist, or is not enabled`],
  ])("of %s takes the IPv4 pools for IPv6 by mistake, or not", (release, text) => {
    const { result } = ensure(Trial.with([POOL, V6], release), {
      pools4: [Cidr.of(BLOCK)],
      pools6: [Cidr.of("fd00::/116")],
      reserved4: WINDOWS_RESERVED,
      reserved6: WINDOWS_RESERVED,
    });
    expect(result.v4?.text).toBe(BLOCK);
    expect(errorText(result)).toBe(text);
    expect(result.v6?.text).toBe(text === undefined ? "fd00::/116" : undefined);
  });

  it("reads the reservations after the affinities and has no block limit", () => {
    const trial = Trial.with([{ cidr: "10.0.0.0/24", blockSize: 28 }]);
    const { calls } = ensure(trial, { reserved4: WINDOWS_RESERVED });
    expect(calls.slice(0, 5)).toEqual([
      "get node n1",
      "list pools",
      "list affinities n1 ipv4",
      "list reservations",
      "get config",
    ]);
  });

  it("is content with a full block", () => {
    const trial = Trial.with([POOL]);
    trial.assign("n1", 16);
    const { calls, result } = ensure(trial, { reserved4: WINDOWS_RESERVED });
    expect(result.v4?.text).toBe(BLOCK);
    expect(calls.slice(-2)).toEqual([`get affinity n1 ${BLOCK}`, `get block ${BLOCK}`]);
  });

  it("returns that there are no free blocks", () => {
    const trial = Trial.with([POOL]);
    trial.run({ op: "claimAffinity", host: "n2", cidr: BLOCK });
    expect(errorText(ensure(trial, { reserved4: WINDOWS_RESERVED }).result)).toBe("No Free Blocks");
  });
});

describe("reclaiming empty blocks (v3.32)", () => {
  /** Node n2 owns the only block, which is empty and this old. */
  function stranded(ageSeconds: number, release = "v3.32.1"): Trial {
    const trial = Trial.with([POOL], release);
    trial.run({ op: "claimAffinity", host: "n2", cidr: BLOCK });
    return trial.advance(ageSeconds);
  }

  it.each([
    // The claim was made in a whole second, so the age is exact.
    [0, false],
    [59, false],
    [60, true],
    [61, true],
  ])("a claim of %s seconds is taken: %s", (age, isTaken) => {
    const trial = stranded(age);
    const { calls } = trial.assign("n1", 1);
    expect(calls.includes(`get affinity n2 ${BLOCK}`)).toBe(isTaken);
    expect(trial.ownerOf(BLOCK)).toBe(isTaken ? "host:n1" : "host:n2");
  });

  it("the claim's second is cut off, so the age may read a second too high", () => {
    const trial = Trial.with([POOL], "v3.32.1").advance(0.9);
    trial.run({ op: "claimAffinity", host: "n2", cidr: BLOCK });
    trial.advance(59.2).assign("n1", 1);
    expect(trial.ownerOf(BLOCK)).toBe("host:n1");
  });

  it("releases of before leave the block, which is borrowed from", () => {
    const trial = stranded(3600, "v3.31.7");
    expect(trial.assign("n1", 1).result).toMatchObject({ v4: { ips: ["10.0.0.0/28"] } });
    expect(trial.ownerOf(BLOCK)).toBe("host:n2");
  });

  it("calls in order: list, release of the old owner, claim of the new one", () => {
    const { calls } = stranded(100).assign("n1", 1);
    expect(calls.slice(calls.indexOf("list blocks"))).toEqual([
      "list blocks",
      `get affinity n2 ${BLOCK}`,
      `get block ${BLOCK}`,
      `update affinity n2 ${BLOCK}`,
      `delete block ${BLOCK}`,
      `delete affinity n2 ${BLOCK}`,
      `create affinity n1 ${BLOCK}`,
      `get block ${BLOCK}: notFound`,
      `update affinity n1 ${BLOCK}`,
      "get config",
      `create block ${BLOCK}`,
      `update affinity n1 ${BLOCK}`,
      `update block ${BLOCK}`,
    ]);
  });

  it("leaves a block alone that changed after it was listed", () => {
    const trial = stranded(100);
    const inner = trial.datastore.perform.bind(trial.datastore);
    let isFirst = true;
    trial.datastore.perform = (request) => {
      const response = inner(request);
      if (isFirst && request.verb === "get" && request.kind === "affinity") {
        isFirst = false;
        // Another client assigns and releases: still empty, but with a new sequence number.
        trial.run({ op: "assignIP", host: "n2", ip: "10.0.0.1" });
        trial.run({ op: "releaseIPs", ips: [{ address: "10.0.0.1" }] });
      }
      return response;
    };
    trial.assign("n1", 1);
    expect(trial.ownerOf(BLOCK)).toBe("host:n2");
    expect(trial.affinities()).toEqual({ [`n2 ${BLOCK}`]: "confirmed" });
  });

  it("cannot take a block that nobody owns, and makes no call for it", () => {
    const trial = Trial.with([POOL], "v3.32.1");
    // An empty block that is left behind without owner: created, and cleared by another client.
    const owned = newBlock(Cidr.of(BLOCK), { type: "host", host: "n2" }, null, 0n, 0);
    trial.datastore.setBlock(withoutAffinity(owned));
    const { calls } = trial.assign("n1", 1);
    expect(calls.slice(calls.indexOf("list blocks"), -1)).toEqual([
      "list blocks",
      `get block ${BLOCK}`,
    ]);
  });

  it("goes on to the next block after an error", () => {
    const trial = Trial.with([{ cidr: "10.0.0.0/27", blockSize: 28 }], "v3.32.1");
    trial.run({ op: "claimAffinity", host: "n2", cidr: "10.0.0.0/27" });
    trial.advance(100);
    const outcome = trial.assign("n1", 1, {}, fail("get", "affinity", "timeout"));
    expect(countOf(outcome, "get affinity n2")).toBe(2);
    expect(Object.values(trial.affinities())).toEqual(["confirmed", "confirmed"]);
    expect(Object.keys(trial.affinities()).map((key) => key.split(" ")[0])).toEqual(["n1", "n2"]);
  });

  it.each([
    ["assignIP", { ip: "10.0.0.1" }],
    ["claimAffinity", { cidr: BLOCK }],
  ])("is not done by %s", (op, more) => {
    const trial = stranded(100);
    trial.run({ op, host: "n1", ...more });
    expect(trial.ownerOf(BLOCK)).toBe("host:n2");
  });

  it("is done under strict affinity too", () => {
    const trial = stranded(100).config({ strictAffinity: true });
    trial.assign("n1", 1);
    expect(trial.ownerOf(BLOCK)).toBe("host:n1");
  });

  it("a block that lost its owner has lost its claim time", () => {
    const trial = stranded(0);
    expect(trial.block(BLOCK).claimTimeSeconds).toBe(1_735_689_600);
    trial.run({ op: "assignIP", host: "n2", ip: "10.0.0.1" });
    trial.run({ op: "releaseAffinity", host: "n2", cidr: BLOCK });
    expect(trial.block(BLOCK).claimTimeSeconds).toBeNull();
  });
});

describe("GetUtilization", () => {
  function filled(): Trial {
    const trial = Trial.with([POOL, { cidr: "10.1.0.0/28", blockSize: 28 }]);
    trial.pool({ cidr: "fd00::/116", blockSize: 120 });
    trial.assign("n1", 3, { pools4: [BLOCK] });
    trial.assign("n1", 1, { pools4: ["10.1.0.0/28"] });
    trial.run({ op: "autoAssign", host: "n1", num6: 1 });
    return trial;
  }

  it("lists blocks of no pool last; those of IPv6 appear nowhere", () => {
    const trial = filled();
    trial.datastore.deletePool("10.1.0.0/28");
    trial.datastore.deletePool("fd00::/116");
    const { calls, result } = trial.run({ op: "getUtilization" });
    expect(calls).toEqual(["list pools", "list blocks"]);
    expect(result).toEqual({
      utilization: [
        { pool: BLOCK, cidr: BLOCK, blocks: [[BLOCK, 16, 13]] },
        {
          pool: "orphaned allocation blocks",
          cidr: "0.0.0.0/0",
          blocks: [["10.1.0.0/28", 16, 15]],
        },
      ],
    });
  });

  it.each([
    ["by name", "mine"],
    ["by cidr", "10.1.0.0/28"],
  ])("asked for one pool %s has no orphans", (_, wanted) => {
    const trial = filled();
    trial.datastore.deletePool("10.1.0.0/28");
    trial.pool({ name: "mine", cidr: "10.1.0.0/28", blockSize: 28, disabled: true });
    expect(trial.run({ op: "getUtilization", pools: [wanted] }).result).toEqual({
      utilization: [{ pool: "mine", cidr: "10.1.0.0/28", blocks: [["10.1.0.0/28", 16, 15]] }],
    });
  });

  it("returns the error of either list", () => {
    for (const kind of ["pool", "block"] as const) {
      const { result } = filled().perform(
        filled().ipam.utilization([]),
        fail("list", kind, "timeout"),
      );
      expect(result).toBeInstanceOf(CalicoError);
      expect(errorText(result)).toBe("context deadline exceeded");
    }
  });
});
