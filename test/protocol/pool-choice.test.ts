import { plainAssignment } from "../../src/protocol/plain-assignment.js";
import { describe, expect, it } from "vitest";
import { formatAddress } from "../../src/model/address.js";
import { UNLIMITED } from "../../src/protocol/environment.js";
import { errorText, Trial, type TrialPool, WINDOWS_RESERVED } from "./trial.js";

const A = "10.0.0.0/29";
const B = "10.1.0.0/29";
/** Two pools of two blocks of four addresses each. */
const TWO_POOLS: readonly TrialPool[] = [
  { cidr: A, blockSize: 30 },
  { cidr: B, blockSize: 30 },
];

const PREPARED = ["list reservations", "get node n1", "list pools"];

describe("the pools of a request", () => {
  it("are those asked for, in the order asked for, whatever their node selectors", () => {
    const trial = Trial.with([
      { cidr: A, blockSize: 30, nodeSelector: "zone == 'east'" },
      { cidr: B, blockSize: 30, nodeSelector: "zone == 'west'" },
    ]);
    const outcome = trial.assign("n1", 9, { pools4: [B, A] });
    const ips = outcome.result["v4"] as { ips: string[] };
    expect(ips.ips.map((ip) => ip.slice(0, 5))).toEqual([
      ...Array<string>(8).fill("10.1."),
      "10.0.",
    ]);
  });

  it.each([
    ["a cidr that is no pool", { pools4: ["10.9.0.0/16"] }, "10.9.0.0/16"],
    ["part of a pool", { pools4: ["10.0.0.0/30"] }, "10.0.0.0/30"],
    ["a disabled pool", { pools4: ["10.2.0.0/29"] }, "10.2.0.0/29"],
  ])("%s is refused by name", (_, more, shown) => {
    const trial = Trial.with([
      ...TWO_POOLS,
      { cidr: "10.2.0.0/29", blockSize: 30, disabled: true },
    ]);
    const { calls, result } = trial.assign("n1", 1, more);
    expect(calls).toEqual(PREPARED);
    expect(result["error"]).toBe(`the given pool (${shown}) does not exist, or is not enabled`);
  });

  it("do not count when none selects the node", () => {
    const trial = Trial.with([{ cidr: A, blockSize: 30, nodeSelector: "zone == 'east'" }]);
    const { calls, result } = trial.assign("n1", 1);
    expect(calls).toEqual(PREPARED);
    expect(result).toEqual({
      error: "no configured Calico pools for node n1",
      errorType: "*errors.errorString",
    });
  });

  it.each(["Workload", "Tunnel"])("must allow the use %s", (use) => {
    const other = use === "Workload" ? "Tunnel" : "Workload";
    const trial = Trial.with([
      { cidr: A, blockSize: 30, allowedUses: [other] },
      { cidr: B, blockSize: 30, allowedUses: [use as "Workload" | "Tunnel"] },
    ]);
    const { result } = trial.assign("n1", 1, { use });
    expect((result["v4"] as { ips: string[] }).ips[0]).toMatch(/^10\.1\./);
    const asked = trial.assign("n1", 1, { use, pools4: [A] });
    expect(asked.calls).toEqual(PREPARED);
    expect(asked.result["error"]).toBe(
      `cannot find a qualified ippool, no pools match the required use (${use})`,
    );
  });

  it("leaves own blocks alone that lie in a selected pool of another use", () => {
    const trial = Trial.with(TWO_POOLS);
    trial.run({ op: "claimAffinity", host: "n1", cidr: "10.0.0.0/30" });
    trial.pool({ cidr: A, blockSize: 30, allowedUses: ["Tunnel"] });
    const { calls, result } = trial.assign("n1", 1);
    expect((result["v4"] as { ips: string[] }).ips[0]).toMatch(/^10\.1\./);
    expect(calls.filter((call) => call.includes("affinity n1 10.0.0.0/30"))).toEqual([]);
    expect(trial.ownerOf("10.0.0.0/30")).toBe("host:n1");
  });

  it("keeps own blocks of a requested pool that has neither the use nor a matching selector", () => {
    const trial = Trial.with(TWO_POOLS);
    trial.run({ op: "claimAffinity", host: "n1", cidr: "10.0.0.0/30" });
    trial.pool({ cidr: A, blockSize: 30, allowedUses: ["Tunnel"], nodeSelector: "a == 'b'" });
    trial.assign("n1", 1, { pools4: [A, B] });
    expect(trial.ownerOf("10.0.0.0/30")).toBe("host:n1");
    // Not requested, it is given up.
    trial.assign("n1", 1, { pools4: [B] });
    expect(trial.hasBlock("10.0.0.0/30")).toBe(false);
  });

  it("ends at once without a use", () => {
    const trial = Trial.with(TWO_POOLS);
    const { calls, result } = trial.perform(
      trial.ipam.autoAssign(UNLIMITED, { ...NO_ARGUMENTS, num4: 1, host: "n1", use: "" }),
    );
    expect(calls).toEqual([]);
    expect(errorText(result)).toBe("must specify the intended use when assigning an IP");
  });

  it.each([
    [4, { num4: 1, pools4: ["fd00::/64"] }, "IPv4 IPPools list contains one or more IPv6"],
    [6, { num6: 1, pools6: [A] }, "IPv6 IPPools list contains one or more IPv4"],
  ])("must be of version %s", (_, op, text) => {
    const { calls, result } = Trial.with(TWO_POOLS).run({ op: "autoAssign", host: "n1", ...op });
    expect(calls).toEqual([]);
    expect(result["error"]).toBe(`provided ${text} IPPools`);
  });

  it("keeps IPv4 addresses when IPv6 fails", () => {
    const trial = Trial.with(TWO_POOLS);
    const { result } = trial.assign("n1", 1, { num6: 1 });
    expect((result["v4"] as { ips: string[] }).ips).toHaveLength(1);
    expect(result["v6"]).toBeUndefined();
    expect(result["error"]).toBe("cannot find a qualified ippool");
    expect(trial.datastore.blockCount).toBe(1);
  });
});

const NO_ARGUMENTS = plainAssignment({
  num4: 0,
  num6: 0,
  handle: null,
  attributes: null,
  host: "",
});

describe("the block limit", () => {
  it("counts the blocks of all usable pools together", () => {
    const trial = Trial.with(TWO_POOLS);
    const { calls, result } = trial.assign("n1", 16, { maxBlocksPerHost: 3 });
    const text = "limit of 3 blocks reached for this node";
    expect(result["error"]).toBe("cannot allocate new block due to per host block limit");
    expect(result["v4"]).toMatchObject({
      partial:
        "Assigned 12 out of 16 requested IPv4 addresses; " +
        `Need to allocate an IPAM block but could not - ${text}`,
    });
    expect(calls.filter((call) => call.startsWith("create block"))).toHaveLength(3);
    // Claiming is off before the configuration would be read for a fourth block.
    expect(calls.at(-1)).toMatch(/^update block/);
  });

  it("does not count blocks in pools that were not asked for", () => {
    const trial = Trial.with(TWO_POOLS);
    trial.assign("n1", 8, { pools4: [A], maxBlocksPerHost: 2 });
    const { result } = trial.assign("n1", 8, { pools4: [B], maxBlocksPerHost: 2 });
    expect(result["error"]).toBeUndefined();
    expect((result["v4"] as { ips: string[] }).ips).toHaveLength(8);
  });

  it("counts a claimed block that turns out to be this host's already", () => {
    const trial = Trial.with([{ cidr: A, blockSize: 30 }]);
    trial.assign("n1", 1);
    // The host's own blocks cannot be read, so its block is found again by claiming.
    const faults = [{ verb: "get", kind: "affinity", nth: 1, error: "datastore" }] as const;
    const { calls, result } = trial.assign("n1", 5, { maxBlocksPerHost: 2 }, [
      { ...faults[0], afterEffect: false },
    ]);
    expect(calls.filter((call) => call.startsWith("create affinity"))).toHaveLength(1);
    expect(result["error"]).toBe("cannot allocate new block due to per host block limit");
    expect((result["v4"] as { ips: string[] }).ips).toHaveLength(3);
  });
});

describe("addresses reserved for the host", () => {
  it("must not be none", () => {
    const trial = Trial.with(TWO_POOLS);
    const reserved = { ...WINDOWS_RESERVED, startOfBlock: 0, endOfBlock: 0 };
    const { calls, result } = trial.assign("n1", 1, { reserved });
    expect(calls).toEqual(["list reservations", "get node n1"]);
    expect(result["error"]).toBe("HostReservedAttr has wrong parameters");
  });

  it.each([
    // Four reserved addresses take three bits: blocks of eight are the smallest that qualify.
    [29, undefined],
    [30, "cannot find a qualified ippool"],
  ])("blocks of /%s: %s", (blockSize, expected) => {
    const trial = Trial.with([{ cidr: "10.0.0.0/28", blockSize }]);
    const { result } = trial.assign("n1", 1, { reserved: WINDOWS_RESERVED });
    expect(result["error"]).toBe(expected);
  });

  it("do not rule out a selected pool whose blocks are too small; its block stays claimed", () => {
    const trial = Trial.with([
      { cidr: "10.0.0.0/30", blockSize: 30 },
      { cidr: "10.1.0.0/28", blockSize: 28 },
    ]);
    const { result } = trial.assign("n1", 1, { reserved: WINDOWS_RESERVED });
    expect(result["error"]).toBe(
      "Block '10.0.0.0/30' has 0 free ips which is less than 1 ips required.",
    );
    expect(result["v4"]).toMatchObject({
      partial:
        "Assigned 0 out of 1 requested IPv4 addresses; " +
        "HostReservedAttr: windows-reserved-ipam-handle",
    });
    expect(trial.ownerOf("10.0.0.0/30")).toBe("host:n1");
  });
});

describe("a Windows node", () => {
  it.each([
    ["autoAssign", { num4: 1 }, [...PREPARED, "list affinities n1 ipv4", "get config"]],
    ["assignIP", { ip: "10.0.0.1" }, ["list pools", "get config"]],
  ])("%s needs strict affinity", (op, more, expected) => {
    const trial = Trial.with(TWO_POOLS);
    const { calls, result } = trial.run({ op, host: "n1", windows: true, ...more });
    expect(calls).toEqual(expected);
    expect(result["error"]).toBe("global strict affinity should not be false for Windows node");
    trial.config({ strictAffinity: true });
    expect(trial.run({ op, host: "n1", windows: true, ...more }).result["error"]).toBeUndefined();
  });
});

describe("pool fields of later releases", () => {
  const only = { cidr: A, blockSize: 30 } as const;
  const NONE_FOR_NODE = "no configured Calico pools for node n1";

  it.each<[string, TrialPool, string, string, string]>([
    [
      "Manual assignment",
      { ...only, assignmentMode: "Manual" },
      "v3.29.7",
      "v3.30.0",
      NONE_FOR_NODE,
    ],
    [
      "a namespace selector that does not match",
      { ...only, namespaceSelector: "team == 'a'" },
      "v3.30.7",
      "v3.31.0",
      NONE_FOR_NODE,
    ],
    [
      "a deletion timestamp",
      { ...only, beingDeleted: true },
      "v3.30.7",
      "v3.31.0",
      "cannot find a qualified ippool",
    ],
    [
      "the condition Allocatable = False",
      { ...only, allocatable: false },
      "v3.31.7",
      "v3.32.0",
      "cannot find a qualified ippool",
    ],
  ])("%s counts from its release on", (_, pool, before, since, text) => {
    expect(Trial.with([pool], before).assign("n1", 1).result["error"]).toBeUndefined();
    expect(Trial.with([pool], since).assign("n1", 1).result["error"]).toBe(text);
  });

  it("asking for a pool bypasses assignment mode, node selector and namespace selector", () => {
    const pool = {
      ...only,
      assignmentMode: "Manual",
      nodeSelector: "zone == 'east'",
      namespaceSelector: "team == 'a'",
    } as const;
    const { result } = Trial.with([pool], "v3.32.1").assign("n1", 1, { pools4: [A] });
    expect((result["v4"] as { ips: string[] }).ips).toHaveLength(1);
  });

  it("the namespace selector looks at the labels of the pod's namespace", () => {
    const trial = Trial.with([{ ...only, namespaceSelector: "team == 'a'" }], "v3.31.0");
    const { result } = trial.perform(
      trial.ipam.autoAssign(UNLIMITED, {
        ...NO_ARGUMENTS,
        num4: 1,
        host: "n1",
        namespaceLabels: { team: "a" },
      }),
    );
    expect(result.error).toBeNull();
    expect(result.v4?.taken).toHaveLength(1);
  });

  it("own empty blocks of a pool with another namespace selector are kept", () => {
    const trial = Trial.with(TWO_POOLS, "v3.31.0");
    trial.run({ op: "claimAffinity", host: "n1", cidr: "10.0.0.0/30" });
    trial.pool({ ...only, namespaceSelector: "team == 'a'" });
    trial.assign("n1", 1);
    expect(trial.ownerOf("10.0.0.0/30")).toBe("host:n1");
  });
});

describe("a load balancer address", () => {
  const pool = { cidr: A, blockSize: 30, allowedUses: ["LoadBalancer"] } as const;

  it("belongs to a virtual owner; no node is read", () => {
    const trial = Trial.with([pool], "v3.30.0");
    const { calls, result } = trial.run({
      op: "autoAssign",
      host: "load-balancer",
      num4: 1,
      handle: "h",
      use: "LoadBalancer",
    });
    expect(result["error"]).toBeUndefined();
    expect(calls.slice(0, 3)).toEqual([
      "list reservations",
      "list pools",
      "list affinities load-balancer ipv4",
    ]);
    const [entry] = trial.datastore.listBlocks();
    expect(trial.ownerOf(entry!.value.cidr.text)).toBe("virtual:load-balancer");
  });

  it("a host of the same name does not own those blocks under strict affinity", () => {
    const trial = Trial.with([{ ...pool, cidr: "10.0.0.0/30" }], "v3.30.0");
    trial.node("load-balancer").config({ strictAffinity: true });
    trial.run({ op: "autoAssign", host: "load-balancer", num4: 1, use: "LoadBalancer" });
    trial.pool({ cidr: "10.0.0.0/30", blockSize: 30 });
    const { result } = trial.run({ op: "autoAssign", host: "load-balancer", num4: 1 });
    expect(result["v4"]).toMatchObject({
      ips: [],
      msgs: ["No more free affine blocks and strict affinity enabled"],
    });
  });

  it("releasing it leaves the virtual owner's block", () => {
    const trial = Trial.with([pool], "v3.30.0");
    trial.run({
      op: "autoAssign",
      host: "load-balancer",
      num4: 1,
      handle: "h",
      use: "LoadBalancer",
    });
    const { calls, result } = trial.run({ op: "releaseByHandle", handle: "h" });
    expect(result).toEqual({});
    expect(calls.map((call) => call.split(" ").slice(0, 2).join(" "))).toEqual([
      "get handle",
      "get block",
      "update block",
      "get handle",
      "delete handle",
    ]);
    expect(trial.datastore.blockCount).toBe(1);
  });
});

describe("a single-address pool block", () => {
  const pool = { cidr: "10.0.0.0/28", blockSize: 32 } as const;

  /** The first address that a fresh cluster gives to the host after this much time. */
  function firstAddress(host: string, seconds: number): string {
    const trial = Trial.with([pool]).advance(seconds);
    const { result } = trial.perform(
      trial.ipam.autoAssign(UNLIMITED, { ...NO_ARGUMENTS, num4: 1, host }),
    );
    const { block, ordinals } = result.v4!.taken[0]!;
    return formatAddress(block.addressAt(ordinals[0]!));
  }

  it("is found from a start that depends on the clock and not on the host", () => {
    expect(firstAddress("n1", 0)).toBe(firstAddress("n2", 0));
    const starts = new Set(Array.from({ length: 12 }, (_, i) => firstAddress("n1", i)));
    expect(starts.size).toBeGreaterThan(3);
  });
});
