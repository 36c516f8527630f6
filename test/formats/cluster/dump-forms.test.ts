import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { readClusterDump } from "../../../src/formats/cluster/read-cluster-dump.js";
import { faultsOf } from "../faults-of.js";
import { readDumpText } from "./read-text.js";

const KEYS = "/calico/ipam/v2";

const BLOCK = {
  cidr: "10.0.0.0/30",
  affinity: "host:n1",
  allocations: [0, null, null, null],
  unallocated: [2, 1, 3],
  attributes: [{ handle_id: "h1", secondary: { node: "n1" } }],
  sequenceNumber: 7,
  sequenceNumberForAllocation: { 0: 6 },
  deleted: false,
};

/** One cluster as keys of etcd. */
const PAIRS: readonly (readonly [key: string, value: object])[] = [
  [`${KEYS}/host/n1/ipv4/block/10.0.0.0-30`, { state: "confirmed", deleted: false }],
  [`${KEYS}/assignment/ipv4/block/10.0.0.0-30`, BLOCK],
  [`${KEYS}/handle/h1`, { block: { "10.0.0.0/30": 1 }, deleted: false }],
  [`${KEYS}/config`, { strict_affinity: true, maxBlocksPerHost: 20 }],
];

const POOL = {
  apiVersion: "projectcalico.org/v3",
  kind: "IPPool",
  metadata: { name: "p" },
  spec: { cidr: "10.0.0.0/24", blockSize: 30 },
};

const NODE = {
  apiVersion: "projectcalico.org/v3",
  kind: "Node",
  metadata: { name: "n1" },
  spec: {},
};

const POOL_PAIR = ["/calico/resources/v3/projectcalico.org/ippools/p", POOL] as const;

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function etcdJson(count: number): string {
  const kvs = [...PAIRS, POOL_PAIR].map(([key, value]) => {
    return { key: base64(key), mod_revision: 4, value: base64(JSON.stringify(value)) };
  });
  return JSON.stringify({ header: { cluster_id: 14841639068965178418n.toString() }, kvs, count });
}

/** What `calicoctl datastore migrate export` prints. */
function migration(): string {
  const entry = ([Key, Value]: (typeof PAIRS)[number]) => ({ Key, Value, TTL: 0 });
  const ipam = {
    block_affinities: [entry(PAIRS[0]!)],
    blocks: [entry(PAIRS[1]!)],
    handles: [entry(PAIRS[2]!)],
    config: entry(PAIRS[3]!),
  };
  const information = {
    kind: "ClusterInformation",
    apiVersion: "projectcalico.org/v3",
    metadata: { name: "default" },
    spec: { clusterGUID: "a1b2", datastoreReady: false },
  };
  return [
    stringify({ apiVersion: "projectcalico.org/v3", kind: "IPPoolList", items: [POOL] }),
    "---\n",
    stringify({ apiVersion: "projectcalico.org/v3", kind: "NodeList", items: [NODE] }),
    "---\n===\n",
    JSON.stringify(information, null, 2),
    "\n===\n",
    JSON.stringify(ipam),
    "\n",
  ].join("");
}

describe("one cluster, in whatever form", () => {
  test.each<[string, string]>([
    [
      "etcdctl get --prefix, key and value in turn",
      [...PAIRS, POOL_PAIR].flatMap(([key, value]) => [key, JSON.stringify(value)]).join("\n"),
    ],
    [
      "keys and values on one line",
      [...PAIRS, POOL_PAIR].map(([key, value]) => `${key} ${JSON.stringify(value)}`).join("\n"),
    ],
    [
      "values over several lines",
      [...PAIRS, POOL_PAIR]
        .map(([key, value]) => `${key}\n${JSON.stringify(value, null, 2)}\n`)
        .join("\n"),
    ],
    ["etcdctl get --prefix -w json", etcdJson(5)],
    ["calicoctl datastore migrate export", migration()],
    ["the same with Windows' line ends", migration().replaceAll("\n", "\r\n")],
  ])("%s", async (_, text) => {
    const dump = await readDumpText(text);
    const [block] = dump.blocks;
    expect(block).toMatchObject({ lostOrdinals: [], contestedOrdinals: [], isDeleted: false });
    expect([...block!.value.unallocated]).toEqual([2, 1, 3]);
    expect(block!.value.sequenceNumberOf(0)).toBe(6n);
    expect(dump.affinities[0]!.value).toMatchObject({ host: "n1", state: "confirmed" });
    expect(dump.handles[0]!.value).toMatchObject({ id: "h1", blocks: [{ count: 1 }] });
    // Fields that are false are left out in etcd.
    expect(dump.config!.value).toMatchObject({ strictAffinity: true, autoAllocateBlocks: false });
    expect(dump.pools[0]!.value.blockSize).toBe(30);
    expect(dump.warnings).toEqual([]);
  });
});

test("a migration tells that the datastore is locked, and of no pods", async () => {
  const dump = await readDumpText(migration());
  expect(dump.clusterInformation).toMatchObject({ guid: "a1b2", isDatastoreLocked: true });
  expect(dump.kinds.has("Pod")).toBe(false);
});

test("a migration without handles has none, rather than not telling", async () => {
  const text = `===\n${JSON.stringify({ config: { Key: `${KEYS}/config`, Value: {}, TTL: 0 } })}`;
  const { kinds } = await readDumpText(`kind: IPPoolList\nitems: []\n---\n${text}`);
  expect([...kinds].sort()).toContain("IPAMHandle");
});

test("an old handle whose id spans lines", async () => {
  const id = "k8s-pod-network.0a1b\r\neth0";
  const value = JSON.stringify({ block: { "10.0.0.0/30": 1 } });
  const dump = await readDumpText(`${KEYS}/handle/${id}\n${value}\n`);
  expect(dump.handles.map(({ value: handle }) => handle.id)).toEqual([id]);
});

test("pages of lists and limited answers are read with a warning", async () => {
  const page = JSON.stringify({
    apiVersion: "v1",
    kind: "NodeList",
    metadata: { continue: "eyJ2", remainingItemCount: 1234 },
    items: [{ metadata: { name: "n1" } }],
  });
  expect((await readDumpText(page)).warnings.map(({ message }) => message)).toEqual([
    "is a page of a list only (metadata.continue is set): 1234 more objects are missing",
  ]);
  expect((await readDumpText(etcdJson(9))).warnings.map(({ message }) => message)).toEqual([
    "holds 5 of 9 keys (etcdctl --limit?)",
  ]);
});

/** A block as the API server has it; `kubectl get -o yaml` writes it so. */
const YAML_LIST = stringify({
  apiVersion: "v1",
  items: ["10.0.0.0/30", "10.0.0.4/30"].map((cidr) => {
    const spec = { affinity: "host:n1", allocations: [0, null, null, null], attributes: [{}] };
    return {
      apiVersion: "crd.projectcalico.org/v1",
      kind: "IPAMBlock",
      metadata: { name: cidr.replace(/[./]/g, "-") },
      spec: { ...spec, cidr, unallocated: [1, 2, 3] },
    };
  }),
  kind: "List",
});

test("YAML lists are read item by item, with places in the file", async () => {
  expect((await readDumpText(YAML_LIST)).blocks).toHaveLength(2);
  const lines = YAML_LIST.split("\n");
  const line = lines.findLastIndex((text) => text.includes("cidr:"));
  lines[line] = lines[line]!.replace("10.0.0.4/30", "10.0.0.4/99");
  expect(await faultsOf(readDumpText(lines.join("\n")))).toEqual([
    `-:${line + 1}:13: IPAMBlock 10-0-0-4-30: spec.cidr: expected a network such as 10.0.0.0/26, found "10.0.0.4/99"`,
  ]);
});

describe("a file that breaks off tells where", () => {
  test.each([
    ["in the allocations", "        - null\n"],
    ["before the attributes", "      attributes:\n"],
  ])("YAML %s", async (_, text) => {
    const cut = YAML_LIST.slice(0, YAML_LIST.lastIndexOf(text));
    const last = cut.trimEnd().split("\n").length;
    const [fault, ...others] = await faultsOf(readDumpText(cut));
    expect(others).toEqual([]);
    expect(fault).toContain("IPAMBlock 10-0-0-4-30: spec.cidr");
    expect(fault).toContain(`the file ends in this object, in line ${last}: is it complete?`);
  });

  test("a fragment of a block", async () => {
    const fragment = "affinity: host:n1\nallocations:\n- null\n- 0\nattributes:\n- handle_id: h\n";
    expect(await faultsOf(readDumpText(fragment))).toEqual([
      "-:1:11: has fields of a block, without kind and cidr: is the rest of it missing?",
    ]);
  });

  test("an etcd value", async () => {
    const text = `${KEYS}/handle/h1\n{"block":{"10.0.0.0/30":1`;
    expect(await faultsOf(readDumpText(text))).toHaveLength(1);
  });
});

describe("folders", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ipamlab-folder-"));
    await mkdir(join(folder, "inner"));
    await mkdir(join(folder, "empty"));
    await mkdir(join(folder, ".git"));
    await writeFile(join(folder, "inner/blocks.yml"), YAML_LIST);
    await writeFile(join(folder, "pool.json.gz"), gzipSync(JSON.stringify(POOL)));
    await writeFile(join(folder, "notes.md"), "no dump");
    await writeFile(join(folder, ".git/more.json"), "{");
  });
  afterAll(() => rm(folder, { recursive: true }));

  test("stand for the dumps in and below them", async () => {
    const dump = await readClusterDump([folder]);
    expect([dump.blocks.length, dump.pools.length]).toEqual([2, 1]);
  });

  test("without dumps are refused", async () => {
    expect(await faultsOf(readClusterDump([join(folder, "empty")]))).toEqual([
      `${join(folder, "empty")}: has no files that end in .json, .yaml, .yml or .txt, plain or with .gz`,
    ]);
  });
});

describe("hostile input ends in a message", () => {
  const deep = 1_000_000;
  test.each<[string, string]>([
    ["nested lists in JSON", "[".repeat(deep)],
    ["nested objects in JSON", '{"a":'.repeat(deep)],
    ["nested lists in an item", `{"kind":"List","items":[${"[".repeat(deep)}`],
    ["nested flow lists in YAML", `a: ${"[".repeat(20_000)}`],
    ["nested dashes in YAML", `a:\n${"- ".repeat(20_000)}x`],
    ["nesting in an etcd value", `${KEYS}/handle/h\n${"[".repeat(deep)}`],
    ["a number of a million digits", `{"kind":"List","items":[{"a":${"9".repeat(deep)}}]}`],
    ["a key twice", '{"kind":"List","items":[{"kind":"Pod","kind":"Node"}]}'],
    ["a key twice at the top", '{"kind":"List","kind":"List","items":[]}'],
    ["a key named as a prototype", '{"__proto__":{"kind":"List"},"items":[1]}'],
    ["aliases that multiply", `a: &a [x]\nb: &b [${"*a,".repeat(9)}*a]\nc: [${"*b,".repeat(9)}*b]`],
    [
      "an index beyond all",
      `${KEYS}/assignment/ipv4/block/10.0.0.0-30 ${JSON.stringify({ ...BLOCK, allocations: [2 ** 53] })}`,
    ],
  ])("%s", async (_, text) => {
    const faults = await faultsOf(readDumpText(text));
    expect(faults.length).toBeGreaterThan(0);
    for (const fault of faults) expect(fault).toMatch(/^-(:\d+)*: .{10,300}$/);
  });
});
