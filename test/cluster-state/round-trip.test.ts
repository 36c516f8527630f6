import { Readable } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { dumpCluster, storedFieldsOf } from "../../src/cluster-state/dump-cluster.js";
import { type LoadedCluster, loadCluster } from "../../src/cluster-state/load-cluster.js";
import type { MemoryDatastore } from "../../src/datastore/memory.js";
import { Cluster } from "../../src/exploration/cluster.js";
import { operationSteps, type Operation } from "../../src/exploration/operation.js";
import { readClusterDump } from "../../src/formats/cluster/read-cluster-dump.js";
import { etcdPairs, kubernetesText } from "../../src/formats/cluster/write-cluster-dump.js";
import { Cidr } from "../../src/model/cidr.js";
import { makePool, type UsablePool } from "../../src/model/pool.js";
import { UNLIMITED } from "../../src/protocol/environment.js";
import { runToEnd } from "../../src/protocol/run.js";
import { findProfile } from "../../src/releases/profiles.js";
import { anyState, contentsOf, emptyDatastore } from "./states.js";

const RELEASE = findProfile("v3.32.1")!.behaviours;

type Writer = (from: MemoryDatastore) => Iterable<string>;

function inKubernetes(from: MemoryDatastore): Iterable<string> {
  return kubernetesText(dumpCluster(from, null), storedFieldsOf(RELEASE));
}

function pairsOf(from: MemoryDatastore) {
  return [...etcdPairs(dumpCluster(from, null), storedFieldsOf(RELEASE))];
}

function asEtcdLines(from: MemoryDatastore): Iterable<string> {
  return pairsOf(from).map(({ key, value }) => `${key}\n${value}\n`);
}

function asEtcdJson(from: MemoryDatastore): Iterable<string> {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const kvs = pairsOf(from).map(({ key, value }) => ({ key: base64(key), value: base64(value) }));
  return [JSON.stringify({ kvs, count: kvs.length })];
}

async function copyState(
  write: Writer,
  from: MemoryDatastore,
  to: MemoryDatastore,
): Promise<LoadedCluster> {
  const text = [...write(from)].join("");
  const dump = await readClusterDump(["-"], { stdin: Readable.from([Buffer.from(text)]) });
  return loadCluster(dump, to);
}

test.each<[string, Writer]>([
  ["Kubernetes objects", inKubernetes],
  ["keys of etcd as lines", asEtcdLines],
  ["keys of etcd as JSON", asEtcdJson],
])("whatever a datastore holds comes back the same from %s", async (_, write) => {
  await fc.assert(
    fc.asyncProperty(anyState, async (before) => {
      // A dump without any object is none.
      before.setNode({ name: "always", labels: {} });
      const after = emptyDatastore();
      await copyState(write, before, after);
      expect(contentsOf(after)).toEqual(contentsOf(before));
    }),
    { numRuns: 150 },
  );
});

const HOSTS = ["n1", "n2", "n3"];
const host = fc.constantFrom(...HOSTS);
const handle = fc.constantFrom("h1", "h2", "h3");
const address = fc.nat(63).map((n) => `10.0.0.${n}`);
const cidr = fc.nat(15).map((n) => `10.0.0.${4 * n}/30`);

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant("autoAssign" as const),
      host,
      num4: fc.integer({ min: 1, max: 6 }),
      num6: fc.constant(0),
      handle,
      use: fc.constant("Workload" as const),
      maxBlocksPerHost: fc.constantFrom(0, 3),
    }),
  },
  { weight: 3, arbitrary: fc.record({ op: fc.constant("releaseByHandle" as const), handle }) },
  fc.record({
    op: fc.constant("releaseIps" as const),
    addresses: fc.array(address, { maxLength: 5 }),
    handle: fc.constant(null),
  }),
  fc.record({ op: fc.constant("assignIp" as const), host, address, handle }),
  fc.record({ op: fc.constant("claimAffinity" as const), host, cidr }),
  fc.record({ op: fc.constant("releaseAffinity" as const), host, cidr, mustBeEmpty: fc.boolean() }),
  fc.record({ op: fc.constant("removeIpamHost" as const), host }),
);

function newCluster(pools: readonly UsablePool[]): Cluster {
  const nodes = pools.length === 0 ? [] : HOSTS.map((name) => ({ name, labels: {} }));
  return new Cluster(RELEASE, { pools, nodes, config: null, reserved: [] });
}

test("a cluster that was written and read goes on exactly like the one that was not", async () => {
  const pool = makePool({ name: "p", cidr: Cidr.of("10.0.0.0/26"), blockSize: 30 }) as UsablePool;
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { maxLength: 30 }),
      fc.array(operation, { minLength: 1, maxLength: 10 }),
      async (before, after) => {
        const original = newCluster([pool]);
        const run = (cluster: Cluster, op: Operation) =>
          runToEnd(operationSteps(cluster, UNLIMITED, op), cluster.datastore);
        for (const op of before) run(original, op);
        const copy = newCluster([]);
        const loaded = await copyState(inKubernetes, original.datastore, copy.datastore);
        expect([...loaded.inconsistentBlocks]).toEqual([]);
        // The two clocks differ, so the sequence numbers of new blocks do.
        const withoutClock = ({ datastore }: Cluster) =>
          JSON.stringify(contentsOf(datastore), (key, value: unknown) =>
            key.toLowerCase().includes("sequence") ? undefined : value,
          );
        for (const op of after) expect(run(copy, op)).toEqual(run(original, op));
        expect(withoutClock(copy)).toBe(withoutClock(original));
      },
    ),
    { numRuns: 100 },
  );
});
