import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BadInput } from "../../../src/failure/failure.js";
import type { ClusterDump } from "../../../src/formats/cluster/cluster-dump.js";
import { readClusterDump } from "../../../src/formats/cluster/read-cluster-dump.js";
import { checkAddresses } from "../../../src/inspection/address-check.js";
import { inspectCluster } from "../../../src/inspection/inspect-cluster.js";
import { formatCheckReport } from "../../../src/report/calicoctl-report.js";
import { faultsOf } from "../faults-of.js";

function read(content: string | Uint8Array): Promise<ClusterDump> {
  return readClusterDump(["-"], { stdin: Readable.from([Buffer.from(content)]) });
}

function object(kind: string, name: string, spec: object, apiVersion?: string): object {
  return { apiVersion: apiVersion ?? "crd.projectcalico.org/v1", kind, metadata: { name }, spec };
}

const SPEC = {
  cidr: "10.0.0.0/30",
  affinity: "host:n1",
  allocations: [0, null, null, null],
  unallocated: [1, 2, 3],
  attributes: [{ handle_id: "h1", secondary: { node: "n1" } }],
};

function block(change: object): string {
  return JSON.stringify(object("IPAMBlock", "b1", { ...SPEC, ...change }));
}

function list(...items: object[]): string {
  return JSON.stringify({ apiVersion: "v1", kind: "List", items });
}

describe("what is wrong is told in one line", () => {
  const handle = object("IPAMHandle", "h1", { handleID: "h1", block: {} });
  test.each<[string, string, string]>([
    ["an empty file", "", "-: is empty; expected objects as kubectl get -o json prints them"],
    [
      "JSON cut off",
      '{"kind": "List",\n "items": [',
      "-:2:12: the JSON ends too early inside items[0]; is the file complete?",
    ],
    [
      "JSON cut in a text",
      '{"kind": "Li',
      "-:1:13: the JSON ends too early inside kind; is the file complete?",
    ],
    ["no JSON", '{"kind" "List"}', '-:1:9: expected JSON, found "\\"" where it cannot stand'],
    ["a number", "42", "-:1:1: expected an object, found 42"],
    ["a list as document", "[]", "-: has no object of Calico's IPAM, no node and no pod"],
    ["text", "hello", '-:1:1: expected an object, found "hello"'],
    ["no kind", "{}", "-:1:1: kind: expected text, found nothing"],
    [
      "no name",
      '{"apiVersion":"v1","kind":"Pod","metadata":{}}',
      "-:1:44: metadata.name: expected text, found nothing",
    ],
    ["items that are none", '{"kind":"List","items":7}', "-:1:24: items: expected a list, found 7"],
    [
      "an item that is no object",
      '{"kind":"List","items":[7]}',
      "-:1:25: items[0]: expected an object, found 7",
    ],
    [
      "nothing of IPAM",
      list(object("ConfigMap", "c", {}, "v1")),
      "-: has no object of Calico's IPAM, no node and no pod",
    ],
    [
      "a bad cidr",
      block({ cidr: "10.0.0/30" }),
      '-:1:101: IPAMBlock b1: spec.cidr: expected a network such as 10.0.0.0/26, found "10.0.0/30"',
    ],
    [
      "a huge block",
      block({ cidr: "10.0.0.0/8" }),
      '-:1:101: IPAMBlock b1: spec.cidr: expected a block of prefix length 16 or more, found "10.0.0.0/8"',
    ],
    [
      "an index beyond the attributes",
      block({ allocations: [1] }),
      "-:1:151: IPAMBlock b1: spec.allocations[0]: expected a whole number from 0 to 0, found 1",
    ],
    [
      "an index without attributes",
      block({ attributes: [] }),
      "-:1:151: IPAMBlock b1: spec.allocations[0]: expected null, for the block has no attributes, found 0",
    ],
    [
      "too many allocations",
      block({ allocations: [0, 0, 0, 0, 0] }),
      "-:1:150: IPAMBlock b1: spec.allocations: expected a list of at most 4 entries for this cidr, found a list",
    ],
    [
      "no allocations",
      block({ allocations: undefined }),
      "-:1:93: IPAMBlock b1: spec.allocations: expected a list, found nothing",
    ],
    [
      "a free ordinal out of range",
      block({ unallocated: [4] }),
      "-:1:184: IPAMBlock b1: spec.unallocated[0]: expected a whole number from 0 to 3, found 4",
    ],
    [
      "a sequence number of no ordinal",
      block({ sequenceNumberForAllocation: { 9: 1 } }),
      '-:1:281: IPAMBlock b1: spec.sequenceNumberForAllocation: expected ordinals from 0 to 3 as keys, of which "9" is none, found an object',
    ],
    [
      "an attribute that is no text",
      block({ attributes: [{ secondary: { node: 1 } }] }),
      "-:1:226: IPAMBlock b1: spec.attributes[0].secondary.node: expected text, found 1",
    ],
    [
      "an affinity state",
      list(object("BlockAffinity", "a", { node: "n", cidr: "10.0.0.0/30", state: "open" })),
      '-:1:179: BlockAffinity a: spec.state: expected one of the empty text, pending, confirmed, pendingDeletion, found "open"',
    ],
    [
      "a pool without cidr",
      list(object("IPPool", "p", {})),
      "-:1:131: IPPool p: spec.cidr: expected a network such as 10.0.0.0/26, found nothing",
    ],
    [
      "a block size",
      list(object("IPPool", "p", { cidr: "10.0.0.0/8", blockSize: 33 })),
      "-:1:164: IPPool p: spec.blockSize: expected a whole number from 0 to 32, found 33",
    ],
    [
      "a reservation",
      list(object("IPReservation", "r", { reservedCIDRs: ["x"] })),
      '-:1:156: IPReservation r: spec.reservedCIDRs[0]: expected a network or an address, found "x"',
    ],
    [
      "a pod's address",
      '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"s"},"status":{"podIP":"::g"}}',
      '-:1:91: Pod s/p: status.podIP: expected an IP address, found "::g"',
    ],
    [
      "a handle's count",
      list(object("IPAMHandle", "h", { handleID: "h", block: { "10.0.0.0/30": -1 } })),
      '-:1:174: IPAMHandle h: spec.block["10.0.0.0/30"]: expected a whole number from 0 to 65536, found -1',
    ],
    [
      "an object twice",
      list(handle, handle),
      "-:1:166: IPAMHandle h1: IPAMHandle h1 occurs twice (in this dump)",
    ],
    [
      "a block twice",
      list(object("IPAMBlock", "b1", SPEC), object("IPAMBlock", "b2", SPEC)),
      "-:1:295: IPAMBlock b2: the block 10.0.0.0/30 occurs twice (in this dump)",
    ],
    ["an alias", "a: &a {}\nb: *a", "-:2:4: has aliases (*name), which no dump of Kubernetes has"],
  ])("%s", async (_, content, message) => {
    expect(await faultsOf(read(content))).toEqual([message]);
  });

  test("YAML that is none, with its line", async () => {
    const faults = await faultsOf(read("kind: List\nitems: [1\nx: }"));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/^-:\d+:\d+: expected YAML or JSON: /);
  });

  test("a gzip file that ends too early", async () => {
    const packed = gzipSync(block({}));
    const faults = await faultsOf(read(packed.subarray(0, packed.length - 10)));
    expect(faults).toEqual(["-:1: the gzip data ends too early; is the file complete?"]);
  });

  test("every fault is told, up to twenty", async () => {
    const pools = Array.from({ length: 25 }, (_, i) => object("IPPool", `p${i}`, {}));
    const faults = await faultsOf(read(list(...pools)));
    expect(faults).toHaveLength(21);
    expect(faults[20]).toBe("-: and 5 faults more");
  });
});

test("objects of both API groups and typed lists are read", async () => {
  const dump = await read(
    [
      list(
        object("IPAMConfiguration", "default", { strictAffinity: true }, "projectcalico.org/v3"),
        object(
          "BlockAffinity",
          "a",
          { node: "n1", cidr: "10.0.0.0/30", state: "confirmed", deleted: true, type: "host" },
          "projectcalico.org/v3",
        ),
        object("IPAMConfig", "other", {}),
      ),
      '{"apiVersion":"v1","kind":"PodList","items":[{"metadata":{"name":"p","namespace":"s"}}]}',
      '{"apiVersion":"v1","kind":"NodeList","items":[]}',
    ]
      .map((text) => `--- ${text}`)
      .join("\n"),
  );
  expect(dump.config?.value.strictAffinity).toBe(true);
  expect(dump.affinities.map(({ isDeleted, value }) => [isDeleted, value.host])).toEqual([
    [true, "n1"],
  ]);
  expect(dump.pods.map(({ name }) => name)).toEqual(["p"]);
  expect([...dump.kinds].sort()).toEqual(["BlockAffinity", "IPAMConfig", "Node", "Pod"]);
  expect(dump.skipped.map(({ what }) => what)).toEqual([
    'IPAMConfig named "other" (Calico reads "default" only)',
  ]);
});

test("sequence numbers beyond 2^53 are exact", async () => {
  const text = block({ sequenceNumber: 7 }).replace(
    '"sequenceNumber":7',
    '"sequenceNumber":1795474895205497774,"sequenceNumberForAllocation":{"0":1795474895205497773}',
  );
  const { value } = (await read(text)).blocks[0]!;
  expect(value.sequenceNumber).toBe(1795474895205497774n);
  expect(value.sequenceNumberOf(0)).toBe(1795474895205497773n);
});

test("a block whose lists contradict each other is read, and told", async () => {
  const dump = await read(block({ allocations: [0], unallocated: [0, 2, 2] }));
  const [stored] = dump.blocks;
  expect(stored).toMatchObject({ lostOrdinals: [1, 3], contestedOrdinals: [0, 2] });
});

/** A dump with one of everything. */
const WHOLE = {
  apiVersion: "v1",
  kind: "List",
  items: [
    object("IPAMBlock", "b1", { ...SPEC, sequenceNumberForAllocation: { 0: 5 } }),
    object("BlockAffinity", "a1", { node: "n1", cidr: "10.0.0.0/30", state: "pending" }),
    object("IPAMHandle", "h1", { handleID: "h1", block: { "10.0.0.0/30": 1 } }),
    object("IPAMConfig", "default", { strictAffinity: false, autoAllocateBlocks: true }),
    object("IPPool", "p1", { cidr: "10.0.0.0/24", blockSize: 30, allowedUses: ["Workload"] }),
    object("IPReservation", "r1", { reservedCIDRs: ["10.0.0.9"] }),
    { apiVersion: "v1", kind: "Node", metadata: { name: "n1", labels: { a: "b" } } },
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "x", namespace: "y", annotations: { "cni.projectcalico.org/podIP": "" } },
      spec: { nodeName: "n1" },
      status: { phase: "Running", podIP: "10.0.0.0", podIPs: [{ ip: "10.0.0.0" }] },
    },
  ],
};

/** Every place of a JSON value that can be changed. */
function placesOf(value: unknown): { owner: Record<string, unknown>; key: string }[] {
  if (typeof value !== "object" || value === null) return [];
  const owner = value as Record<string, unknown>;
  return Object.keys(owner).flatMap((key) => [{ owner, key }, ...placesOf(owner[key])]);
}

const replacement = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    "",
    "0",
    0,
    -1,
    1.5,
    2 ** 60,
    true,
    [],
    {},
    [null],
    "::/0",
    "x\r\n",
  ),
  fc.jsonValue(),
);

test("a dump with anything changed gives a result or BadInput", async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(), replacement), { minLength: 1, maxLength: 2 }),
      async (changes) => {
        const dump = structuredClone(WHOLE);
        for (const [position, value] of changes) {
          const places = placesOf(dump);
          const { owner, key } = places[position % places.length]!;
          owner[key] = structuredClone(value);
        }
        try {
          const result = await read(JSON.stringify(dump));
          const check = checkAddresses(result);
          inspectCluster(result, check);
          formatCheckReport(check, result.clusterInformation, "");
          accepted++;
        } catch (error) {
          expect(error).toBeInstanceOf(BadInput);
          for (const line of (error as BadInput).message.split("\n")) expect(line).toMatch(/^-/);
        }
      },
    ),
    { numRuns: 500 },
  );
  expect(accepted).toBeGreaterThan(10);
});

test("a dump cut anywhere, or with a byte changed, gives a result or BadInput", async () => {
  const text = JSON.stringify(WHOLE, null, 1);
  await fc.assert(
    fc.asyncProperty(fc.nat(text.length - 1), fc.string(), fc.boolean(), async (at, put, cut) => {
      const changed = cut ? text.slice(0, at) + put : text.slice(0, at) + put + text.slice(at + 1);
      await read(changed).catch((error: unknown) => {
        expect(error).toBeInstanceOf(BadInput);
      });
    }),
    { numRuns: 300 },
  );
});
