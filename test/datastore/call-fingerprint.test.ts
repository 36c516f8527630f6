import { describe, expect, it } from "vitest";
import { CallFingerprint } from "../../src/datastore/call-fingerprint.js";
import { MemoryDatastore } from "../../src/datastore/memory.js";
import {
  type DatastoreRequest,
  createHandle,
  getBlock,
  getHandle,
  getNode,
  listAffinities,
  listBlocks,
} from "../../src/datastore/request.js";
import { Cidr } from "../../src/model/cidr.js";

const dialect = { existsShowsInner: false, affinityKeyShowsType: false };
const block = (cidr: string) => getBlock(Cidr.of(cidr));
const handle = (id: string) => getHandle(id, "caller");

function digestOf(...requests: readonly DatastoreRequest[]): string {
  const datastore = new MemoryDatastore(dialect);
  datastore.setNode({ name: "node-1", labels: {} });
  const fingerprint = new CallFingerprint();
  for (const request of requests) fingerprint.noteCall(request, datastore.perform(request));
  expect(fingerprint.calls).toBe(requests.length);
  return fingerprint.digest();
}

describe("CallFingerprint", () => {
  it("is the same for the same calls", () => {
    const calls = () => [getNode("node-1"), block("10.0.0.0/26"), handle("h")];
    expect(digestOf(...calls())).toBe(digestOf(...calls()));
    expect(digestOf()).toMatch(/^[0-9a-f]{16}$/);
  });

  it("tells any other call apart: object, verb, order, outcome, number", () => {
    const host = (name: string) => ({ type: "host" as const, host: name });
    const made = { id: "h", blocks: [] };
    const runs: DatastoreRequest[][] = [
      [],
      [getNode("node-1")],
      [getNode("node-2")],
      [getNode("node-1"), getNode("node-1")],
      [block("10.0.0.0/26")],
      [block("10.0.0.64/26")],
      [block("10.0.0.0/27")],
      [block("fd00::/122")],
      [block("fd00:0:0:1::/122")],
      [handle("a"), handle("b")],
      [handle("b"), handle("a")],
      [handle("ab")],
      [createHandle(made), handle("h")],
      [handle("h"), createHandle(made)],
      [listAffinities(host("node-1"), 4)],
      [listAffinities(host("node-2"), 4)],
      [listAffinities(host("node-1"), 6)],
      [listBlocks(4)],
      [listBlocks(0)],
    ];
    const digests = runs.map((run) => digestOf(...run));
    expect(new Set(digests).size).toBe(runs.length);
  });

  it("tells addresses apart, and spreads: no two of 100,000 alike", () => {
    const seen = new Set<string>();
    for (let i = 0; i < 100_000; i++) {
      const fingerprint = new CallFingerprint();
      fingerprint.noteAddress(0x0a000000 + i);
      fingerprint.noteAddress(BigInt(i));
      expect(fingerprint.addresses).toBe(2);
      seen.add(fingerprint.digest());
    }
    expect(seen.size).toBe(100_000);
  });
});
