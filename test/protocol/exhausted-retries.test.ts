import { describe, expect, it } from "vitest";
import type { Kind, Verb } from "../../src/datastore/request.js";
import { parseAffinityText } from "../../src/model/affinity.js";
import { newBlock } from "../../src/model/block.js";
import { ResourceError } from "../../src/model/calico-error.js";
import { Cidr } from "../../src/model/cidr.js";
import { incrementHandle, decrementHandle } from "../../src/protocol/handle-count.js";
import { countOf, fail, MAX_RETRIES, errorText, Trial } from "./trial.js";

const BLOCK = "10.0.0.0/28";
const POOL = { cidr: BLOCK, blockSize: 28 } as const;

/** Conflicts of every call of this kind: more than the loop under test makes. */
const always = (verb: Verb, kind: Kind) => fail(verb, kind, "conflict", 300);

function claimed(release?: string): Trial {
  const trial = Trial.with([POOL], release);
  trial.run({ op: "claimAffinity", host: "n1", cidr: BLOCK });
  return trial;
}

describe("a hundred conflicts in a row", () => {
  it.each(["conflict", "datastore", "timeout"] as const)(
    "counting a handle up gives up; any error of the write counts (%s)",
    (error) => {
      const steps = incrementHandle("h", Cidr.of(BLOCK), 1);
      const { calls, result } = claimed().perform(steps, fail("create", "handle", error, 100));
      expect(calls).toHaveLength(200);
      expect(errorText(result)).toBe(MAX_RETRIES);
    },
  );

  it("counting a handle up works at the hundredth attempt", () => {
    const steps = incrementHandle("h", Cidr.of(BLOCK), 1);
    const { result } = claimed().perform(steps, fail("create", "handle", "conflict", 99));
    expect(result).toBeUndefined();
  });

  it("counting a handle up ends at once when it cannot be read", () => {
    const steps = incrementHandle("h", Cidr.of(BLOCK), 1);
    const { calls, result } = claimed().perform(steps, fail("get", "handle", "timeout"));
    expect(calls).toEqual(["get handle h: fault:datastore"]);
    expect(errorText(result)).toBe("context deadline exceeded");
  });

  it("counting a handle down gives up, its first round from the copy if there is one", () => {
    const trial = claimed();
    trial.assign("n1", 2, { handle: "h" });
    const cidr = Cidr.of(BLOCK);
    const run = (cached?: ReturnType<typeof trial.datastore.listHandles>[number]) =>
      trial.perform(decrementHandle("h", cidr, 1, "caller", cached), always("update", "handle"));
    expect(errorText(run().result)).toBe(MAX_RETRIES);
    expect(countOf(run(), "get handle")).toBe(100);
    expect(countOf(run(trial.datastore.listHandles()[0]), "get handle")).toBe(99);
    expect(trial.handles()).toEqual({ h: { [BLOCK]: 2 } });
  });

  it.each([
    ["10.0.0.16/28", 1, "10.0.0.16/28 by 1 but it isn't linked to handle h"],
    [BLOCK, 3, `${BLOCK} by 3 but it only has 2 addresses on handle h`],
  ])("counting down what a handle has not got: %s by %s", (cidr, fewer, text) => {
    const trial = claimed();
    trial.assign("n1", 2, { handle: "h" });
    const { calls, result } = trial.perform(decrementHandle("h", Cidr.of(cidr), fewer, "caller"));
    expect(calls).toEqual(["get handle h"]);
    expect(errorText(result)).toBe(`Tried to decrement block ${text}`);
  });

  it("AssignIP: the handle counts a hundred and holds no address", () => {
    const trial = claimed();
    const op = { op: "assignIP", host: "n1", ip: "10.0.0.1", handle: "h" };
    const { calls, result } = trial.run(op, always("update", "block"));
    expect(result["error"]).toBe(MAX_RETRIES);
    expect(countOf({ calls, result }, "update block")).toBe(100);
    expect(trial.handles()).toEqual({ h: { [BLOCK]: 100 } });
    expect(trial.allocated(BLOCK)).toEqual([]);
  });

  it("AssignIP that meets one conflict leaves one too many", () => {
    const trial = claimed();
    const op = { op: "assignIP", host: "n1", ip: "10.0.0.1", handle: "h" };
    expect(trial.run(op, fail("update", "block", "conflict")).result).toEqual({});
    expect(trial.handles()).toEqual({ h: { [BLOCK]: 2 } });
    expect(trial.allocated(BLOCK)).toEqual([1]);
  });

  it("AutoAssign takes its count back each time and goes on to the next block", () => {
    const trial = claimed();
    const outcome = trial.assign(
      "n1",
      1,
      { handle: "h" },
      fail("update", "block", "conflict", 100),
    );
    expect(outcome.result).toMatchObject({ v4: { ips: [expect.stringMatching(/^10\.0\.0\./)] } });
    expect(countOf(outcome, "update block")).toBe(101);
    // The next block is the same one, found again by claiming.
    expect(countOf(outcome, "list blocks")).toBe(1);
    expect(trial.handles()).toEqual({ h: { [BLOCK]: 1 } });
  });

  it("AutoAssign gives up claiming when every claim is lost", () => {
    const trial = Trial.with([POOL]);
    const inner = trial.datastore.perform.bind(trial.datastore);
    trial.datastore.perform = (request) => {
      const isClaim = request.verb === "create" && request.kind === "affinity";
      return isClaim
        ? new ResourceError("conflict", "affinity", trial.world.dialect)
        : inner(request);
    };
    const outcome = trial.assign("n1", 1);
    expect(outcome.result["error"]).toBe(MAX_RETRIES);
    expect(countOf(outcome, "create affinity")).toBe(10_000);
    expect(countOf(outcome, "list blocks")).toBe(100);
  });

  it("ReleaseIPs", () => {
    const trial = claimed();
    trial.assign("n1", 1, { handle: "h" });
    const op = { op: "releaseIPs", ips: [{ address: "10.0.0.0" }] };
    const outcome = trial.run(op, always("update", "block"));
    expect(outcome.result).toMatchObject({ unallocated: [], error: MAX_RETRIES });
    expect(countOf(outcome, "get block")).toBe(100);
    expect(trial.allocated(BLOCK)).toEqual([0]);
    expect(trial.handles()).toEqual({ h: { [BLOCK]: 1 } });
  });

  it.each([
    ["v3.28.4", 100],
    ["v3.29.7", 100],
    // A second loop looks for a block of the load balancer.
    ["v3.30.0", 200],
    ["v3.32.1", 200],
  ])("ReleaseByHandle of %s reads the block %s times", (release, reads) => {
    const trial = claimed(release);
    trial.assign("n1", 1, { handle: "h" });
    const op = { op: "releaseByHandle", handle: "h" };
    const outcome = trial.run(op, always("update", "block"));
    expect(outcome.result["error"]).toBe("Hit max retries");
    expect(countOf(outcome, "get block")).toBe(reads);
    expect(trial.handles()).toEqual({ h: { [BLOCK]: 1 } });
  });

  it("ReleaseByHandle of v3.30 removes an empty block of the load balancer, ignoring errors", () => {
    const trial = Trial.with([POOL], "v3.30.0");
    const owner = parseAffinityText("virtual:load-balancer");
    trial.assign("n1", 1, { handle: "h" });
    // Another client empties the block after the hundredth read.
    const block = newBlock(Cidr.of(BLOCK), owner, null, 0n, null);
    const steps = trial.ipam.releaseByHandle("h");
    const faults = always("update", "block");
    let reads = 0;
    const inner = trial.datastore.perform.bind(trial.datastore);
    trial.datastore.perform = (request) => {
      if (request.kind === "block" && ++reads === 101) trial.datastore.setBlock(block);
      return inner(request);
    };
    const { calls, result } = trial.perform(steps, faults);
    expect(result).toBeUndefined();
    expect(calls.slice(-3)).toEqual([
      `get block ${BLOCK}`,
      `delete block ${BLOCK}`,
      `get block ${BLOCK}: notFound`,
    ]);
  });

  it("ClaimAffinity names the block in neither list and has no error", () => {
    const trial = Trial.with([{ cidr: "10.0.0.0/27", blockSize: 28 }]);
    const op = { op: "claimAffinity", host: "n1", cidr: "10.0.0.0/27" };
    const outcome = trial.run(op, fail("create", "affinity", "conflict", 100));
    expect(outcome.result).toEqual({ claimed: ["10.0.0.16/28"], failed: [] });
    expect(countOf(outcome, "create affinity")).toBe(101);
  });

  it("ClaimAffinity tries again from the affinity when the block's creation conflicts", () => {
    const trial = Trial.with([POOL]);
    trial.datastore.setReservation({ name: "r", cidrs: [BLOCK] });
    const op = { op: "claimAffinity", host: "n1", cidr: BLOCK };
    const { calls, result } = trial.run(op, fail("create", "block", "conflict"));
    expect(result).toEqual({ claimed: [BLOCK], failed: [] });
    expect(calls.slice(2)).toEqual([
      `create affinity n1 ${BLOCK}`,
      `create block ${BLOCK}: fault:conflict`,
      `create affinity n1 ${BLOCK}: exists`,
      `get affinity n1 ${BLOCK}`,
      `update affinity n1 ${BLOCK}`,
      `create block ${BLOCK}`,
      `update affinity n1 ${BLOCK}`,
    ]);
  });

  it("ReleaseAffinity goes on to the next block and has no error", () => {
    const trial = Trial.with([{ cidr: "10.0.0.0/27", blockSize: 28 }]);
    trial.run({ op: "claimAffinity", host: "n1", cidr: "10.0.0.0/27" });
    const op = { op: "releaseAffinity", host: "n1", cidr: "10.0.0.0/27" };
    const outcome = trial.run(op, fail("update", "affinity", "conflict", 100));
    expect(outcome.result).toEqual({});
    expect(trial.affinities()).toEqual({ [`n1 ${BLOCK}`]: "confirmed" });
  });

  it("ReleaseBlockAffinity returns the first conflict", () => {
    const trial = claimed();
    const op = { op: "releaseBlockAffinity", cidr: BLOCK };
    const outcome = trial.run(op, fail("update", "affinity", "conflict"));
    expect(outcome.result["errorType"]).toBe("errors.ErrorResourceUpdateConflict");
    expect(countOf(outcome, "update affinity")).toBe(1);
  });

  it.each([
    ["v3.28.4", 3],
    ["v3.30.4", 3],
    ["v3.30.5", 100],
    ["v3.31.0", 3],
    ["v3.31.1", 100],
  ])("ReleasePoolAffinities of %s starts %s times", (release, rounds) => {
    const trial = Trial.with([POOL], release);
    trial.run({ op: "claimAffinity", host: "n2", cidr: BLOCK });
    // An affinity of a host that does not own the block comes back as soon as it is deleted.
    const cidr = Cidr.of(BLOCK);
    const stale = { type: "host", host: "n3", cidr, state: "confirmed" } as const;
    trial.datastore.setAffinity(stale);
    const inner = trial.datastore.perform.bind(trial.datastore);
    trial.datastore.perform = (request) => {
      const response = inner(request);
      if (request.verb === "delete" && request.kind === "affinity") {
        trial.datastore.setAffinity(stale);
      }
      return response;
    };
    const outcome = trial.run({ op: "releasePoolAffinities", cidr: BLOCK });
    expect(outcome.result["error"]).toBe(MAX_RETRIES);
    expect(countOf(outcome, "list affinities")).toBe(rounds);
    // One owner a block: the last one listed.
    expect(countOf(outcome, "get affinity n2")).toBe(0);
  });

  it("ReleasePoolAffinities gives up a block that keeps conflicting without an error", () => {
    const trial = claimed();
    const outcome = trial.run(
      { op: "releasePoolAffinities", cidr: BLOCK },
      always("update", "affinity"),
    );
    expect(outcome.result).toEqual({});
    expect(countOf(outcome, "update affinity")).toBe(100);
    expect(countOf(outcome, "list affinities")).toBe(1);
  });
});
