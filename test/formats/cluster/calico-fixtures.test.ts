import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ClusterDump } from "../../../src/formats/cluster/cluster-dump.js";
import { readClusterDump } from "../../../src/formats/cluster/read-cluster-dump.js";

const FOLDER = "test/fixtures/calico/dumps";

/** How many objects of each kind a dump has, without the kinds that it has none of. */
function countsOf(dump: ClusterDump): object {
  const { blocks, affinities, handles, pools, reservations, nodes, pods } = dump;
  const lists = { blocks, affinities, handles, pools, reservations, nodes, pods };
  return Object.fromEntries(
    Object.entries(lists)
      .map(([name, list]) => [name, list.length] as const)
      .filter(([, count]) => count > 0),
  );
}

const LISTS: Readonly<Record<string, string>> = {
  IPAMBlock: "blocks",
  BlockAffinity: "affinities",
  IPAMHandle: "handles",
  IPPool: "pools",
  ipPool: "pools",
  IPReservation: "reservations",
  Node: "nodes",
  node: "nodes",
  WorkloadEndpoint: "pods",
  workloadEndpoint: "pods",
};

/** The same by looking at the text only: objects tell their kind on a line of its own. */
function countsInText(text: string): object {
  const counts: Record<string, number> = {};
  for (const [, kind] of text.matchAll(/^[-\s]*"?kind"?: "?(\w+)"?,?\s*$/gm)) {
    const list = LISTS[kind!];
    if (list !== undefined) counts[list] = (counts[list] ?? 0) + 1;
  }
  const keys = text.match(/^\/calico\/ipam\/v2\/host\/.*$/gm) ?? [];
  return keys.length > 0 ? { affinities: keys.length } : counts;
}

test("every whole file of Calico's own is read", async () => {
  const files = (await readdir(FOLDER, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  expect(files).toHaveLength(32);
  for (const file of files) {
    const dump = await readClusterDump([file]);
    expect(countsOf(dump), file).toEqual(countsInText(readFileSync(file, "utf8")));
    expect(dump.warnings).toEqual([]);
  }
});

test("a folder is all its files", async () => {
  const folder = join(FOLDER, "docs");
  expect(countsOf(await readClusterDump([folder]))).toEqual({ pools: 1, reservations: 1 });
});

test("etcd and Kubernetes tell the same of the same affinities", async () => {
  const [inEtcd, inKubernetes] = await Promise.all(
    ["etcd-block-affinities.txt", "kdd-ipam.yaml"].map(async (name) => {
      const dump = await readClusterDump([join(FOLDER, "v3.28.4", name)]);
      return dump.affinities.map(({ value: { cidr, host } }) => `${host} ${cidr.text}`).sort();
    }),
  );
  expect(inEtcd).toEqual(inKubernetes);
});

const APPLIANCE = join(FOLDER, "fortiadc/calico_fake_fadc_node.yaml");

test("a block made by hand that lacks ordinals is read, and told", async () => {
  const { blocks } = await readClusterDump([APPLIANCE]);
  expect(blocks[0]!.lostOrdinals.slice(0, 3)).toEqual([0, 11, 12]);
});
