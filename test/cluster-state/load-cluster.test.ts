import { Readable } from "node:stream";
import { expect, test } from "vitest";
import {
  type LoadedCluster,
  loadClaims,
  loadCluster,
} from "../../src/cluster-state/load-cluster.js";
import { readClusterDump } from "../../src/formats/cluster/read-cluster-dump.js";
import { formatAddress } from "../../src/model/address.js";
import { emptyDatastore } from "./states.js";

async function load(file: string, ...items: object[]): Promise<LoadedCluster> {
  const list = Buffer.from(JSON.stringify({ kind: "List", items }));
  const files = file === "" ? ["-"] : [file, "-"];
  return loadCluster(
    await readClusterDump(files, { stdin: Readable.from([list]) }),
    emptyDatastore(),
  );
}

function crd(kind: string, name: string, spec: object): object {
  return { apiVersion: "crd.projectcalico.org/v1", kind, metadata: { name }, spec };
}

const BLOCK = crd("IPAMBlock", "b", {
  cidr: "10.0.0.0/29",
  affinity: "host:n1",
  allocations: [0, 1, 1, 2, 3, 4, null, null],
  unallocated: [7, 6],
  attributes: [
    { handle_id: "t", secondary: { node: "n1", type: "ipipTunnelAddress" } },
    { handle_id: "a", secondary: { namespace: "s", pod: "a", node: "n2" } },
    { handle_id: "b", secondary: { namespace: "s", pod: "b", node: "n1" } },
    { secondary: { namespace: "s", pod: "c" } },
    { handle_id: "d" },
  ],
});

function pod(name: string, status: object): object {
  const metadata = { name, namespace: "s" };
  return { apiVersion: "v1", kind: "Pod", metadata, spec: { nodeName: "n2" }, status };
}

function namesOf({ pods, otherAddresses }: LoadedCluster) {
  return {
    pods: pods.map(({ name, node, handle, addresses }) =>
      [name, node, handle, ...addresses.map(formatAddress)].join(" "),
    ),
    others: otherAddresses.map(formatAddress),
  };
}

test("without pods in the dump, whoever an allocation names holds its address", async () => {
  expect(namesOf(await load("", BLOCK))).toEqual({
    pods: ["a n2 a 10.0.0.1 10.0.0.2", "b n1 b 10.0.0.3", "c n1  10.0.0.4"],
    others: ["10.0.0.0", "10.0.0.5"],
  });
});

test("with pods in the dump, those that are gone, finished or elsewhere hold nothing", async () => {
  const pods = [
    pod("a", { podIPs: [{ ip: "10.0.0.1" }] }),
    pod("b", { phase: "Failed", podIP: "10.0.0.3" }),
    pod("c", {}),
  ];
  expect(namesOf(await load("", BLOCK, ...pods))).toEqual({
    pods: ["a n2 a 10.0.0.1", "c n2  10.0.0.4"],
    others: ["10.0.0.0", "10.0.0.2", "10.0.0.3", "10.0.0.5"],
  });
});

test("blocks that no model run can lead to are named", async () => {
  const torn = { cidr: "10.1.0.0/30", allocations: [], unallocated: [0, 1, 1], attributes: [] };
  const sound = { cidr: "10.2.0.0/30", allocations: [], unallocated: [0, 1, 2, 3], attributes: [] };
  const loaded = await load(
    "",
    BLOCK,
    crd("IPAMBlock", "torn", torn),
    crd("IPAMBlock", "sound", sound),
    crd("IPAMBlock", "inner", { ...sound, cidr: "10.0.0.4/30" }),
    crd("BlockAffinity", "x", { cidr: "10.2.0.0/30", node: "n1", deleted: "true" }),
  );
  expect([...loaded.inconsistentBlocks].sort()).toEqual([
    "10.0.0.0/29",
    "10.0.0.4/30",
    "10.1.0.0/30",
  ]);
  expect(loaded.leftOut).toEqual(["1 affinity object being deleted"]);
});

test("a real cluster's allocations are all accounted for", async () => {
  const file = "test/fixtures/golden-clusters/cluster-02/cluster.json.gz";
  const { pods, otherAddresses } = await load(file);
  const held = pods.flatMap(({ addresses }) => addresses);
  expect(held.length + otherAddresses.length).toBe(48);
  expect(new Set([...held, ...otherAddresses]).size).toBe(48);
});

test("claims alone leave pools, nodes and configuration to whoever has others", async () => {
  const file = "test/fixtures/golden-clusters/cluster-02/cluster.json.gz";
  const datastore = emptyDatastore();
  loadClaims(await readClusterDump([file]), datastore);
  expect(datastore.blockCount).toBe(5);
  expect(datastore.handleCount).toBeGreaterThan(0);
  expect(datastore.listAffinities().length).toBeGreaterThan(0);
  expect([datastore.pools, datastore.listNodes(), datastore.config]).toEqual([[], [], undefined]);
});
