import { Readable } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { BadInput } from "../../../src/failure/failure.js";
import { readPodRecord } from "../../../src/formats/cluster/pod-events.js";
import { guessOwner } from "../../../src/formats/cluster/workload.js";
import { faultsOf } from "../faults-of.js";

function read(text: string) {
  return readPodRecord("-", { stdin: Readable.from([Buffer.from(text)]) });
}

const at = (time: string) => `2026-01-05T${time}Z`;
const ms = (time: string) => Date.parse(at(time));

function watched(type: string, name: string, created: string, more: object = {}): string {
  const object = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "shop", creationTimestamp: at(created), ...more },
    spec: { nodeName: "n1" },
    status: {
      phase: "Running",
      conditions: [{ type: "Ready", lastTransitionTime: at(created) }],
    },
  };
  return JSON.stringify({ type, object }, null, 2);
}

test("a watch tells when pods came and went", async () => {
  const record = await read(
    [
      watched("ADDED", "old", "08:00:00"),
      watched("ADDED", "cart-1", "10:00:00"),
      watched("MODIFIED", "cart-1", "10:00:00"),
      watched("DELETED", "cart-1", "10:00:00", { deletionTimestamp: at("10:10:00") }),
      watched("ADDED", "cart-1", "10:20:00"),
    ].join("\n"),
  );
  const shared = { namespace: "shop", owner: null, hostNetwork: false };
  expect(record).toEqual({
    fromMs: ms("10:00:00"),
    toMs: ms("10:20:00"),
    pods: [
      { ...shared, name: "old", startMs: ms("08:00:00"), endMs: null },
      { ...shared, name: "cart-1", startMs: ms("10:00:00"), endMs: ms("10:10:00") },
      { ...shared, name: "cart-1", startMs: ms("10:20:00"), endMs: null },
    ],
  });
});

function audited(verb: string, name: string | undefined, time: string, more: object = {}): string {
  return JSON.stringify({
    kind: "Event",
    apiVersion: "audit.k8s.io/v1",
    stage: "ResponseComplete",
    verb,
    objectRef: { resource: "pods", namespace: "shop", name },
    responseStatus: { code: 200 },
    stageTimestamp: at(time),
    ...more,
  });
}

test("an audit log does: by binding where creation tells no name, and by the last deletion", async () => {
  const binding = {
    objectRef: { resource: "pods", subresource: "binding", namespace: "shop", name: "a" },
  };
  const record = await read(
    [
      audited("create", undefined, "10:00:00"),
      audited("create", "a", "10:00:01", binding),
      audited("create", "refused", "10:00:02", { responseStatus: { code: 403 } }),
      audited("get", "b", "10:00:03"),
      audited("delete", "a", "10:01:00"),
      audited("delete", "a", "10:01:30"),
      audited("delete", "older", "10:02:00"),
    ].join("\n"),
  );
  const shared = { namespace: "shop", owner: undefined, hostNetwork: undefined };
  expect(record).toEqual({
    fromMs: ms("10:00:00"),
    toMs: ms("10:02:00"),
    pods: [
      { ...shared, name: "a", startMs: ms("10:00:01"), endMs: ms("10:01:30") },
      { ...shared, name: "older", startMs: null, endMs: ms("10:02:00") },
    ],
  });
});

test.each<[string, string]>([
  ["", "has no event of a watch or of an audit log with a time"],
  ['{"kind": "Pod"}', "expected an event of a watch (type, object) or of an audit log"],
  [audited("create", "a", "25:61:00"), "stageTimestamp: expected a time such as"],
  ['{"type": "ADDED", "object": {"kind": "Pod"', "-:1:"],
])("%s is refused with its place", async (text, message) => {
  expect((await faultsOf(read(text)))[0]).toContain(message);
});

test("whatever an event holds, it is read or refused", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.json({ maxDepth: 4 })), fc.json(), async (texts, object) => {
      const event = JSON.stringify({ type: "ADDED", object: JSON.parse(object) as unknown });
      try {
        await read([...texts, event].join("\n"));
      } catch (error) {
        expect(error).toBeInstanceOf(BadInput);
      }
    }),
    { numRuns: 200 },
  );
});

test.each([
  ["cart-7c9f6d5b8-x7k2p", { kind: "ReplicaSet", name: "cart-7c9f6d5b8" }],
  ["backup-29460000-x7k2p", { kind: "Job", name: "backup-29460000" }],
  ["db-0", { kind: "StatefulSet", name: "db" }],
  ["import-x7k2p", { kind: "Job", name: "import" }],
  ["shell", null],
])("the name %s tells its owner", (name, owner) => {
  expect(guessOwner(name)).toEqual(owner);
});
