import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/formats/golden/trace-line.js";
import { DatastoreRequest, Sleep } from "../../src/datastore/request.js";
import { parseAffinityText } from "../../src/model/affinity.js";
import { newBlock } from "../../src/model/block.js";
import { ResourceError } from "../../src/model/calico-error.js";
import { Cidr } from "../../src/model/cidr.js";
import { UNLIMITED } from "../../src/protocol/environment.js";
import { countOf, errorText, fail, MAX_RETRIES, Trial, type TrialPool } from "./trial.js";

const FIRST = "10.0.0.0/30";
const SECOND = "10.0.0.4/30";
const POOL: TrialPool = { cidr: "10.0.0.0/29", blockSize: 30 };

const ipsOf = (result: JsonObject) => (result["v4"] as { ips: string[] }).ips;

/** Node n2 holds both blocks of the pool, with one address taken in each. */
function borrowed(release?: string): Trial {
  const trial = Trial.with([POOL], release);
  trial.run({ op: "claimAffinity", host: "n2", cidr: "10.0.0.0/29" });
  trial.run({ op: "assignIP", host: "n2", ip: "10.0.0.0" });
  trial.run({ op: "assignIP", host: "n2", ip: "10.0.0.4" });
  return trial;
}

describe("borrowing", () => {
  /** The calls after the last list of blocks, which found nothing to claim. */
  const walkOf = (calls: readonly string[]) => calls.slice(calls.lastIndexOf("list blocks") + 1);

  it.each(["datastore", "notFound", "timeout", "conflict"] as const)(
    "passes over a block that cannot be read, silently (%s)",
    (error) => {
      const walk = walkOf(borrowed().assign("n1", 1).calls);
      const first = walk[0]!.split(" ")[2]!;
      const second = first === FIRST ? SECOND : FIRST;
      const { calls, result } = borrowed().assign("n1", 1, {}, fail("get", "block", error));
      expect(walkOf(calls).slice(1)).toEqual([`get block ${second}`, `update block ${second}`]);
      expect(walkOf(calls)[0]).toMatch(`get block ${first}: `);
      expect(ipsOf(result)).toHaveLength(1);
      expect(result).not.toHaveProperty("v4.msgs");
    },
  );

  it("reads a block again that changed meanwhile", () => {
    const { calls } = borrowed().assign("n1", 1, {}, fail("update", "block", "conflict"));
    const walk = walkOf(calls);
    expect(walk[2]).toBe(walk[0]);
    expect(walk).toHaveLength(4);
  });

  it("goes on after another error of the write, without a message", () => {
    const { calls, result } = borrowed().assign("n1", 1, {}, fail("update", "block", "timeout"));
    const walk = walkOf(calls);
    expect(walk[2]).not.toBe(walk[0]);
    expect(ipsOf(result)).toHaveLength(1);
    expect(result).not.toHaveProperty("v4.msgs");
  });

  it("names the pools walked to their ends, also when a later one had addresses", () => {
    const trial = Trial.with([
      { cidr: "10.0.0.0/30", blockSize: 30 },
      { cidr: "10.1.0.0/30", blockSize: 30 },
      { cidr: "10.2.0.0/30", blockSize: 30 },
    ]);
    for (const third of [0, 1, 2]) {
      trial.run({ op: "claimAffinity", host: "n2", cidr: `10.${third}.0.0/30` });
    }
    trial.assign("n2", 8, { pools4: ["10.0.0.0/30", "10.1.0.0/30"] });
    const { result } = trial.assign("n1", 1);
    expect(ipsOf(result)).toEqual(["10.2.0.0/30"]);
    expect(result).toHaveProperty("v4.msgs", [
      "No IPs available in pools: [10.0.0.0/30 10.1.0.0/30]",
    ]);
  });
});

describe("an error of counting the handle up", () => {
  const unread = fail("get", "handle", "timeout");
  const unwritten = fail("create", "handle", "datastore", 100);
  const MESSAGE = "Failed to assign IPs in newly allocated block";

  /** A cluster whose node n1 has the one block. */
  function owning(release: string): Trial {
    const trial = Trial.with([{ cidr: FIRST, blockSize: 30 }], release);
    trial.run({ op: "claimAffinity", host: "n1", cidr: FIRST });
    return trial;
  }

  it.each([
    ["v3.28.4", "unread", unread],
    ["v3.29.6", "unread", unread],
    ["v3.29.6", "unwritten", unwritten],
    ["v3.30.3", "unread", unread],
  ])("is ignored by %s (%s): the address has no handle object", (release, _, faults) => {
    const trial = owning(release);
    const { result } = trial.assign("n1", 1, { handle: "h" }, faults);
    expect(ipsOf(result)).toEqual(["10.0.0.0/30"]);
    expect(result).not.toHaveProperty("v4.msgs");
    expect(trial.handles()).toEqual({});
    const other = trial.run({ op: "assignIP", host: "n1", ip: "10.0.0.3", handle: "i" }, faults);
    expect(other.result).toEqual({});
    expect(trial.allocated(FIRST)).toEqual([0, 3]);
  });

  it.each([
    ["v3.29.7", "unread", unread],
    ["v3.29.7", "unwritten", unwritten],
    ["v3.30.4", "unread", unread],
    ["v3.31.0", "unread", unread],
    ["v3.32.1", "unread", unread],
  ])(
    "stops AutoAssign of %s in that block (%s); it finds the block again",
    (release, _, faults) => {
      const trial = owning(release);
      const outcome = trial.assign("n1", 1, { handle: "h" }, faults);
      expect(outcome.result).toHaveProperty("v4.msgs", [MESSAGE]);
      expect(outcome.result).toHaveProperty("v4.ips", ["10.0.0.0/30"]);
      // The first write of the block comes from claiming it again: the handle is counted first.
      expect(countOf(outcome, "list blocks")).toBe(1);
      expect(countOf(outcome, "update block")).toBe(1);
      expect(trial.handles()).toEqual({ h: { [FIRST]: 1 } });
    },
  );

  it("is told once, however often it happens", () => {
    const trial = owning("v3.29.7");
    const faults = fail("get", "handle", "timeout", 3);
    const outcome = trial.assign("n1", 1, { handle: "h" }, faults);
    expect(outcome.result).toHaveProperty("v4.msgs", [MESSAGE]);
    expect(countOf(outcome, "list blocks")).toBe(3);
  });

  it.each(["v3.29.7", "v3.31.0"])("makes borrowing of %s go to the next block", (release) => {
    const trial = borrowed(release);
    const outcome = trial.assign("n1", 1, { handle: "h" }, unread);
    expect(ipsOf(outcome.result)).toHaveLength(1);
    expect(outcome.result).not.toHaveProperty("v4.msgs");
    expect(countOf(outcome, "get block")).toBe(2);
    expect(countOf(outcome, "update block")).toBe(1);
  });

  it.each([
    ["v3.29.7", unread, "failed to increment handle: context deadline exceeded"],
    ["v3.29.7", unwritten, `failed to increment handle: ${MAX_RETRIES}`],
    ["v3.32.1", unread, "failed to increment handle: context deadline exceeded"],
  ])("is the answer of AssignIP of %s, which then does not write", (release, faults, text) => {
    const trial = owning(release);
    const op = { op: "assignIP", host: "n1", ip: "10.0.0.1", handle: "h" };
    const outcome = trial.run(op, faults);
    expect(outcome.result).toEqual({ error: text, errorType: "*fmt.wrapError" });
    expect(countOf(outcome, "update block")).toBe(0);
    expect(trial.allocated(FIRST)).toEqual([]);
  });

  it.each([
    // Wrapped, even a conflict counts as any other error.
    ["v3.31.6", [MESSAGE], 1],
    ["v3.32.0", undefined, 0],
  ])(
    "a conflict inside it is tried again only from v3.32.0 on (%s)",
    (release, messages, lists) => {
      const trial = owning(release);
      const outcome = trial.assign("n1", 1, { handle: "h" }, fail("get", "handle", "conflict"));
      expect((outcome.result["v4"] as JsonObject)["msgs"]).toEqual(messages);
      expect(countOf(outcome, "list blocks")).toBe(lists);
      expect(ipsOf(outcome.result)).toEqual(["10.0.0.0/30"]);
    },
  );

  it.each([
    ["v3.29.6", "caller"],
    ["v3.29.7", "cleanup"],
  ])("taking the count back runs under the deadline of %s: %s", (release, expected) => {
    const trial = owning(release);
    const contexts: string[] = [];
    const inner = trial.datastore.perform.bind(trial.datastore);
    trial.datastore.perform = (request) => {
      if (request.kind === "handle") contexts.push(request.context);
      return inner(request);
    };
    const op = { op: "assignIP", host: "n1", ip: "10.0.0.1", handle: "h" };
    trial.run(op, fail("update", "block", "timeout"));
    expect(contexts).toEqual(["caller", "caller", expected, expected]);
    expect(trial.handles()).toEqual({});
  });
});

describe("reading the configuration", () => {
  it("gives up after four lost rounds, with a second between them", () => {
    const trial = Trial.with([POOL]);
    const steps = trial.ipam.config(UNLIMITED);
    const faults = fail("get", "config", "notFound", 4);
    const { calls, result } = trial.perform(steps, faults);
    expect(calls).toEqual(
      Array(4).fill(["get config: fault:notFound", "create config: exists"]).flat(),
    );
    expect(errorText(result)).toBe("failed to get ipam config after 5 retries");
  });

  it("pauses a second after each lost round", () => {
    const trial = Trial.with([POOL]);
    const { dialect } = trial.world;
    const steps = trial.ipam.config(UNLIMITED);
    const effects: unknown[] = [];
    let next = steps.next(undefined);
    while (!next.done) {
      const effect = next.value;
      effects.push(effect instanceof Sleep ? effect.durationMs : (effect as DatastoreRequest).verb);
      const isGet = effect instanceof DatastoreRequest && effect.verb === "get";
      next = steps.next(new ResourceError(isGet ? "notFound" : "exists", "config", dialect));
    }
    expect(effects).toEqual(Array(4).fill(["get", "create", 1000]).flat());
  });

  it("succeeds in the fourth round", () => {
    const trial = Trial.with([POOL]);
    const steps = trial.ipam.config(UNLIMITED);
    const { result } = trial.perform(steps, fail("get", "config", "notFound", 3));
    expect(errorText(result)).toBeUndefined();
  });
});

describe("AssignIP", () => {
  /** Another client creates the block between our reading and our claiming of it. */
  function beaten(): Trial {
    const trial = Trial.with([POOL]);
    const inner = trial.datastore.perform.bind(trial.datastore);
    let isFirst = true;
    trial.datastore.perform = (request) => {
      if (isFirst && request.verb === "create" && request.kind === "block") {
        isFirst = false;
        trial.run({ op: "claimAffinity", host: "n2", cidr: FIRST });
      }
      return inner(request);
    };
    return trial;
  }

  it("returns a claim conflict, unlike AutoAssign", () => {
    const trial = beaten();
    const { calls, result } = trial.run({ op: "assignIP", host: "n1", ip: "10.0.0.1" });
    expect(calls).toEqual([
      "list pools",
      "get config",
      `get block ${FIRST}: notFound`,
      "get config",
      `create affinity n1 ${FIRST}`,
      `create block ${FIRST}: exists`,
      `get block ${FIRST}`,
      `delete affinity n1 ${FIRST}`,
    ]);
    expect(result).toEqual({
      error: `${FIRST} already claimed by host:n2`,
      errorType: "ipam.errBlockClaimConflict",
    });
  });

  it("of a block without owner needs no affinity unless affinity is strict", () => {
    const trial = Trial.with([POOL]);
    trial.run({ op: "assignIP", host: "n1", ip: "10.0.0.1" });
    trial.run({ op: "releaseAffinity", host: "n1", cidr: FIRST });
    const ask = (ip: string) => trial.run({ op: "assignIP", host: "n2", ip }).result["error"];
    expect(ask("10.0.0.2")).toBeUndefined();
    trial.config({ strictAffinity: true });
    expect(ask("10.0.0.3")).toBe(`Attempt to assign from block ${FIRST} with no affinity`);
  });

  it("looks at no node selector, use or reservation", () => {
    const trial = Trial.with([{ ...POOL, nodeSelector: "a == 'b'", allowedUses: ["Tunnel"] }]);
    trial.datastore.setReservation({ name: "r", cidrs: ["10.0.0.0/24"] });
    const { calls, result } = trial.run({ op: "assignIP", host: "n1", ip: "10.0.0.1" });
    expect(result).toEqual({});
    expect(calls).not.toContain("list reservations");
    expect(calls).not.toContain("get node n1");
  });
});

describe("releasing affinities", () => {
  it.each([
    ["v3.27.5", "The requested CIDR (10.0.0.0/30) is not within any configured pools."],
    ["v3.28.0", "injected: datastore"],
  ])("ReleaseAffinity of %s that cannot list pools answers: %s", (release, text) => {
    const trial = Trial.with([POOL], release);
    trial.run({ op: "claimAffinity", host: "n1", cidr: FIRST });
    const op = { op: "releaseAffinity", host: "n1", cidr: FIRST };
    const { calls, result } = trial.run(op, fail("list", "pool", "datastore"));
    expect(calls).toEqual(["list pools: fault:datastore"]);
    expect(result["error"]).toBe(text);
    expect(trial.ownerOf(FIRST)).toBe("host:n1");
  });

  it.each([
    ["v3.28.4", "Hostname must be specified to release block affinity", "host:recorder"],
    ["v3.29.7", "Hostname must be specified to release block affinity", "host:recorder"],
    ["v3.30.0", undefined, undefined],
  ])("ReleaseHostAffinities of %s without a host: %s", (release, text, owner) => {
    const trial = Trial.with([POOL], release);
    trial.run({ op: "claimAffinity", host: "recorder", cidr: FIRST });
    const { calls, result } = trial.run({ op: "releaseHostAffinities", host: "" });
    expect(result["error"]).toBe(text);
    expect(calls.filter((call) => call.startsWith("list"))).toEqual([
      "list affinities recorder ipv4",
      "list affinities recorder ipv6",
    ]);
    // Without a name nothing is called for the block itself.
    if (owner !== undefined) expect(calls).toHaveLength(2);
    expect(trial.hasBlock(FIRST) ? trial.ownerOf(FIRST) : undefined).toBe(owner);
  });

  it.each([
    ["v3.29.7", undefined],
    ["v3.30.0", "could not parse affinity config"],
  ])("ReleaseBlockAffinity of %s for a block that no host owns: %s", (release, text) => {
    const trial = Trial.with([POOL], release);
    trial.run({ op: "assignIP", host: "n1", ip: "10.0.0.1" });
    trial.run({ op: "releaseAffinity", host: "n1", cidr: FIRST });
    const { calls, result } = trial.run({ op: "releaseBlockAffinity", cidr: FIRST });
    expect(calls).toEqual([]);
    expect(result["error"]).toBe(text);
  });
});

describe("a block whose owner has no known prefix", () => {
  it.each([
    ["v3.29.7", undefined],
    ["v3.30.0", "could not parse affinity config"],
  ])("ReleaseBlockAffinity of %s makes no call and answers: %s", (release, text) => {
    const trial = Trial.with([POOL], release);
    const owner = parseAffinityText("robot:r2");
    trial.datastore.setBlock(newBlock(Cidr.of(FIRST), owner, null, 0n, null));
    const { calls, result } = trial.run({ op: "releaseBlockAffinity", cidr: FIRST });
    expect(calls).toEqual([]);
    expect(result["error"]).toBe(text);
    expect(trial.ownerOf(FIRST)).toBe("robot:r2");
  });
});

describe("an unreadable reservation", () => {
  it("ends AutoAssign right after the list, as the process would", () => {
    const trial = Trial.with([POOL]);
    trial.datastore.setReservation({ name: "r", cidrs: [" 10.0.0.1 ", "", "10.0.0.1/2/3"] });
    const { calls, result } = trial.assign("n1", 1);
    expect(calls).toEqual(["list reservations"]);
    expect(result["error"]).toMatch(/^panic: /);
  });
});
