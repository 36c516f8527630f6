import { describe, expect, it } from "vitest";
import { type AddressNumber, parseAddress } from "../../src/model/address.js";
import { textError } from "../../src/model/calico-error.js";
import { Cidr } from "../../src/model/cidr.js";
import { ReservedAddresses } from "../../src/model/reservation.js";
import { assignInBlock } from "../../src/protocol/assign-in-block.js";
import { ascendingMapOrder, UNLIMITED } from "../../src/protocol/environment.js";
import { Ipam } from "../../src/protocol/ipam.js";
import { errorText, Trial } from "./trial.js";

const BLOCK = "10.0.0.0/28";
const POOL = { cidr: BLOCK, blockSize: 28 } as const;

const address = (text: string): AddressNumber => parseAddress(text)!;

describe("GetAssignmentAttributes", () => {
  it.each<[string, string, string[], string]>([
    ["in no pool", "10.9.0.1", ["list pools"], "10.9.0.1 with error: No valid IPPool"],
    [
      "free",
      "10.0.0.9",
      ["list pools", `get block ${BLOCK}`],
      "10.0.0.9 with error: IP is unassigned",
    ],
    [
      "in no block",
      "10.0.0.20",
      ["list pools", "get block 10.0.0.16/28: notFound"],
      "BlockKey(cidr=10.0.0.16/28) with error: <nil>",
    ],
  ])("of an address %s is an error", (_, text, calls, shown) => {
    const trial = Trial.with([{ cidr: "10.0.0.0/27", blockSize: 28 }]);
    trial.run({ op: "assignIP", host: "n1", ip: "10.0.0.1" });
    const outcome = trial.perform(trial.ipam.assignmentAttributes(address(text)));
    expect(outcome.calls).toEqual(calls);
    expect(errorText(outcome.result)).toBe(`resource does not exist: ${shown}`);
  });

  it("gives handle and secondary map of an assigned address", () => {
    const trial = Trial.with([POOL]);
    trial.run({ op: "assignIP", host: "n1", ip: "10.0.0.1", handle: "h", attrs: { pod: "p" } });
    const { result } = trial.perform(trial.ipam.assignmentAttributes(address("10.0.0.1")));
    expect(result).toEqual({ handle: "h", secondary: { pod: "p" } });
  });
});

describe("assigning in a block that must be one's own", () => {
  function refusal(release: string, isOwned: boolean): unknown {
    const trial = Trial.with([POOL], release);
    trial.run({ op: "assignIP", host: "n2", ip: "10.0.0.1" });
    if (!isOwned) trial.run({ op: "releaseAffinity", host: "n2", cidr: BLOCK });
    const [entry] = trial.datastore.listBlocks();
    const assignee = {
      owner: { type: "host", host: "n1" },
      attribute: { handle: "h", secondary: null },
    } as const;
    const { env } = trial.ipam;
    const steps = assignInBlock(env, entry!, 1, assignee, true, ReservedAddresses.none);
    const { calls, result } = trial.perform(steps);
    expect(calls).toEqual([]);
    return errorText(result);
  }

  it.each([
    ["v3.29.7", "Block affinity (host:n2) does not match provided (n1)"],
    ["v3.30.0", "Block affinity (host:n2) does not match provided (n1:host)"],
  ])("a block of another host, %s", (release, text) => {
    expect(refusal(release, true)).toBe(text);
  });

  it("a block of nobody", () => {
    const text = `Attempt to assign from block ${BLOCK} with no affinity`;
    expect(refusal("v3.28.4", false)).toBe(text);
  });
});

describe("the caller", () => {
  it("without a host is the machine, trimmed and in lower case", () => {
    const trial = Trial.with([POOL]).node("worker-1");
    const ipam = new Ipam({ ...trial.ipam.env, machineName: " Worker-1\n" });
    const { calls } = trial.perform(ipam.claimAffinity(UNLIMITED, Cidr.of(BLOCK), ""));
    expect(calls).toContain(`create affinity worker-1 ${BLOCK}`);
    trial.perform(ipam.claimAffinity(UNLIMITED, Cidr.of(BLOCK), "Worker-2"));
    // A given host is used as it is.
    expect(Object.keys(trial.affinities())).toEqual([`worker-1 ${BLOCK}`]);
  });

  it("whose context has ended gets its error from the configuration, before the read", () => {
    const trial = Trial.with([POOL]);
    const ended = { ...UNLIMITED, ended: () => textError("context deadline exceeded") };
    const { calls, result } = trial.perform(trial.ipam.config(ended));
    expect(calls).toEqual([]);
    expect(errorText(result)).toBe("context deadline exceeded");
  });

  it("whose context ended before the blocks are released makes ReleaseIPs panic", () => {
    const trial = Trial.with([POOL]);
    trial.assign("n1", 1);
    const ended = { ...UNLIMITED, ended: () => textError("context canceled") };
    const { calls, result } = trial.perform(
      trial.ipam.releaseIps(ended, [{ address: "10.0.0.0" }]),
    );
    expect(calls).toEqual(["list pools", "list pools"]);
    expect(errorText(result)).toMatch(/^panic: /);
    expect(trial.allocated(BLOCK)).toEqual([0]);
  });

  it.each([
    ["v3.29.7", "background"],
    ["v3.30.0", "caller"],
  ])("pools are listed by %s under the deadline: %s", (release, expected) => {
    const trial = Trial.with([POOL], release);
    const contexts: string[] = [];
    const inner = trial.datastore.perform.bind(trial.datastore);
    trial.datastore.perform = (request) => {
      if (request.kind === "pool") contexts.push(request.context);
      return inner(request);
    };
    trial.assign("n1", 1);
    expect(contexts).toEqual([expected]);
  });
});

describe("the order of maps", () => {
  it("decides which block of a handle is released first", () => {
    const trial = Trial.with([{ cidr: "10.0.0.0/27", blockSize: 28 }]);
    trial.assign("n1", 20, { handle: "h" });
    const descending = <T>(items: readonly T[], keyOf: (item: T) => string) =>
      [...ascendingMapOrder(items, keyOf)].reverse();
    const ipam = new Ipam({ ...trial.ipam.env, mapOrder: descending });
    const { calls } = trial.perform(ipam.releaseByHandle("h"));
    expect(calls.filter((call) => call.startsWith("get block"))).toEqual([
      "get block 10.0.0.16/28",
      "get block 10.0.0.0/28",
    ]);
  });
});

describe("a legacy affinity without state", () => {
  it("works like a confirmed one when a block is reached through it", () => {
    const trial = Trial.with([POOL]);
    trial.assign("n1", 1);
    const affinity = { type: "host", host: "n1", cidr: Cidr.of(BLOCK), state: "" } as const;
    trial.datastore.setAffinity(affinity);
    const { calls } = trial.assign("n1", 1);
    expect(calls.slice(-3)).toEqual([
      `get affinity n1 ${BLOCK}`,
      `get block ${BLOCK}`,
      `update block ${BLOCK}`,
    ]);
    expect(trial.affinities()).toEqual({ [`n1 ${BLOCK}`]: "" });
  });
});
