import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { readClusterDump } from "../../src/formats/cluster/read-cluster-dump.js";
import { checkAddresses } from "../../src/inspection/address-check.js";
import { borrowedAddresses } from "../../src/inspection/borrowed-addresses.js";
import { inspectCluster } from "../../src/inspection/inspect-cluster.js";
import { findProfile } from "../../src/releases/profiles.js";
import { describeCheck } from "../../src/report/calicoctl-check.js";
import { formatCheckReport } from "../../src/report/calicoctl-report.js";
import { describeBorrowed } from "../../src/report/calicoctl-show.js";

const EMPTY_LISTS = ["IPAMBlock", "BlockAffinity", "IPAMHandle", "IPPool", "Pod", "Node"].map(
  (kind) => ({ kind: `${kind}List`, apiVersion: "v1", items: [] }),
);

async function dumpOf(...items: object[]) {
  const documents = [...EMPTY_LISTS, { kind: "List", items }].map((value) => JSON.stringify(value));
  const text = documents.map((document) => `--- ${document}\n`).join("");
  return readClusterDump(["-"], { stdin: Readable.from([Buffer.from(text)]) });
}

/** Findings as lines: kind, subject, detail, first command. */
async function findingsOf(...items: object[]): Promise<string[]> {
  const dump = await dumpOf(...items);
  const { findings } = inspectCluster(dump, checkAddresses(dump));
  return findings.flatMap(({ kind, severity, items: cases }) =>
    cases.map(({ subject, detail, fix }) =>
      [`${severity} ${kind}`, subject, detail, ...fix].join(" | "),
    ),
  );
}

function crd(kind: string, name: string, spec: object): object {
  return { apiVersion: "crd.projectcalico.org/v1", kind, metadata: { name }, spec };
}

/** A block of four addresses, the first ones allocated with these attributes. */
function block(cidr: string, host: string | null, ...attributes: object[]): object {
  const affinity = host === null ? {} : { affinity: `host:${host}` };
  const allocations = [0, 1, 2, 3].map((i) => (i < attributes.length ? i : null));
  const unallocated = [0, 1, 2, 3].slice(attributes.length);
  const spec = { cidr, ...affinity, allocations, unallocated, attributes };
  return crd("IPAMBlock", cidr.replace(/[.:/]/g, "-"), spec);
}

function affinity(cidr: string, node: string, state = "confirmed"): object {
  return crd("BlockAffinity", `${node}-${cidr.replace(/[.:/]/g, "-")}`, { cidr, node, state });
}

function node(name: string, annotations: object = {}): object {
  return { apiVersion: "v1", kind: "Node", metadata: { name, annotations } };
}

function pod(name: string, ip: string | null, phase = "Running", spec: object = {}): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "shop" },
    spec: { nodeName: "n1", ...spec },
    status: { phase, ...(ip === null ? {} : { podIP: ip }) },
  };
}

function ofPod(name: string): object {
  return { secondary: { namespace: "shop", pod: name, node: "n1" } };
}

const POOL = crd("IPPool", "pool", { cidr: "10.0.0.0/24", blockSize: 30 });
const CIDR = "10.0.0.0/30";
/** A node with its one block. */
const BASE = [POOL, node("n1"), affinity(CIDR, "n1")];

test.each<[string, object[], string[]]>([
  ["nothing wrong", [...BASE, block(CIDR, "n1", ofPod("a")), pod("a", "10.0.0.0")], []],
  [
    "a pod that is gone, finished, elsewhere, on the host's network",
    [
      ...BASE,
      block(CIDR, "n1", ofPod("a"), ofPod("b"), ofPod("c"), ofPod("d")),
      pod("b", "10.0.0.1", "Succeeded"),
      pod("c", "10.0.0.9"),
      pod("d", "192.0.2.1", "Running", { hostNetwork: true }),
    ],
    [
      "problem address-not-in-use | 10.0.0.0 | pod shop/a does not exist | calicoctl ipam release --ip=10.0.0.0",
      "problem address-not-in-use | 10.0.0.1 | pod shop/b has finished | calicoctl ipam release --ip=10.0.0.1",
      "problem address-not-in-use | 10.0.0.2 | pod shop/c has 10.0.0.9 instead | calicoctl ipam release --ip=10.0.0.2",
      "problem address-not-in-use | 10.0.0.3 | pod shop/d is on the network of its host | calicoctl ipam release --ip=10.0.0.3",
      "problem address-not-allocated | 10.0.0.9 | used by pod shop/c on node n1 | kubectl delete pod -n shop c",
    ],
  ],
  [
    "a pod about to start: its address is no leak",
    [...BASE, block(CIDR, "n1", ofPod("a")), pod("a", null)],
    ["note pod-without-address | shop/a | on node n1 | kubectl describe pod -n shop a"],
  ],
  [
    "tunnel addresses: IPv6 is looked at too",
    [
      POOL,
      crd("IPPool", "six", { cidr: "fd00::/64" }),
      node("n1", {
        "projectcalico.org/IPv4VXLANTunnelAddr": "10.0.0.0",
        "projectcalico.org/IPv6VXLANTunnelAddr": "fd00::",
      }),
      affinity(CIDR, "n1"),
      affinity("fd00::/126", "n1"),
      block(
        CIDR,
        "n1",
        { secondary: { node: "n1", type: "vxlanTunnelAddress" } },
        { secondary: { node: "n1", type: "ipipTunnelAddress" } },
        { secondary: { node: "n9", type: "ipipTunnelAddress" } },
      ),
      block("fd00::/126", "n1", { secondary: { node: "n1", type: "vxlanV6TunnelAddress" } }),
    ],
    [
      "problem address-not-in-use | 10.0.0.1 | ipipTunnelAddress of node n1, which does not use it | calicoctl ipam release --ip=10.0.0.1",
      "problem address-not-in-use | 10.0.0.2 | ipipTunnelAddress of node n9, which does not exist | calicoctl ipam release --ip=10.0.0.2",
    ],
  ],
  [
    "two pods with one address: the one that the block names keeps it",
    [...BASE, block(CIDR, "n1", ofPod("b")), pod("a", "10.0.0.0"), pod("b", "10.0.0.0")],
    [
      "problem address-shared | 10.0.0.0 | used by pod shop/a on node n1 and pod shop/b on node n1 | kubectl delete pod -n shop a",
    ],
  ],
  [
    "handles",
    [
      ...BASE,
      block(CIDR, "n1", { handle_id: "gone", ...ofPod("a") }),
      pod("a", "10.0.0.0"),
      crd("IPAMHandle", "idle", { handleID: "Idle", block: { [CIDR]: 2 } }),
    ],
    [
      "problem handle-without-address | Idle | claims 2 in 10.0.0.0/30 | kubectl delete ipamhandles.crd.projectcalico.org idle",
      "problem address-without-handle | 10.0.0.0 | handle gone; once its pod is gone, release it by hand | calicoctl ipam release --ip=10.0.0.0",
    ],
  ],
  [
    "blocks outside pools, empty and not",
    [
      POOL,
      node("n1"),
      block("10.9.0.0/30", null),
      block("10.9.0.4/30", null, ofPod("a"), ofPod("b")),
      pod("a", "10.9.0.4"),
      pod("b", "10.9.0.5"),
    ],
    [
      "problem block-outside-pools | 10.9.0.0/30 | empty | kubectl delete ipamblocks.crd.projectcalico.org 10-9-0-0-30",
      "problem block-outside-pools | 10.9.0.4/30 | 2 of 4 addresses allocated | kubectl delete pod -n shop a | kubectl delete pod -n shop b",
    ],
  ],
  [
    "blocks that overlap: the empty one goes",
    [...BASE, block(CIDR, "n1", ofPod("a")), pod("a", "10.0.0.0"), block31()],
    [
      "problem blocks-overlap | 10.0.0.2/31 | empty; inside 10.0.0.0/30, 1 of 4 addresses allocated | kubectl delete ipamblocks.crd.projectcalico.org b31",
    ],
  ],
  [
    "a block whose lists contradict each other",
    [
      ...BASE,
      crd("IPAMBlock", "b", { cidr: CIDR, affinity: "host:n1", allocations: [], unallocated: [0] }),
    ],
    [
      "problem block-inconsistent | 10.0.0.0/30 | 3 ordinals neither allocated nor free (1, 2, 3) | kubectl edit ipamblocks.crd.projectcalico.org b",
    ],
  ],
  [
    "a block without affinity object",
    [POOL, node("n1"), block(CIDR, "n1")],
    [
      'problem block-without-affinity | 10.0.0.0/30 | owned by node n1 | echo \'{"apiVersion":"crd.projectcalico.org/v1","kind":"BlockAffinity","metadata":{"name":"n1-10-0-0-0-30"},"spec":{"state":"confirmed","node":"n1","cidr":"10.0.0.0/30","deleted":"false"}}\' | kubectl create -f -',
    ],
  ],
  [
    "affinities without block, pending, and of a block of another",
    [
      POOL,
      node("n1"),
      node("n2"),
      block(CIDR, "n1"),
      affinity(CIDR, "n1", "pending"),
      affinity(CIDR, "n2", "pending"),
      affinity("10.0.0.4/30", "n2"),
    ],
    [
      "problem affinity-without-block | 10.0.0.4/30 | node n2, confirmed; no such block | kubectl delete blockaffinities.crd.projectcalico.org n2-10-0-0-4-30",
      "note affinity-pending | 10.0.0.0/30 | node n1, pending; the block is its own; the node settles it when it next looks for an address",
      "note affinity-pending | 10.0.0.0/30 | node n2, pending; not its block | kubectl delete blockaffinities.crd.projectcalico.org n2-10-0-0-0-30",
    ],
  ],
  [
    "idle blocks, a node that is gone, and a node at its limit",
    [
      ...BASE,
      affinity("10.0.0.4/30", "n1"),
      affinity("10.0.0.8/30", "n9"),
      block(CIDR, "n1", ofPod("a")),
      pod("a", "10.0.0.0"),
      block("10.0.0.4/30", "n1"),
      block("10.0.0.8/30", "n9"),
      crd("IPAMConfig", "default", { strictAffinity: true, maxBlocksPerHost: 2 }),
    ],
    [
      "note block-idle | 10.0.0.4/30 | node n1, one of its 2 blocks; calico-kube-controllers releases it if it runs | kubectl get pods -A -l k8s-app=calico-kube-controllers",
      "note block-idle | 10.0.0.8/30 | node n9, which does not exist; calico-kube-controllers releases it if it runs | kubectl get pods -A -l k8s-app=calico-kube-controllers",
      'note node-at-block-limit | n1 | 2 blocks of 2 allowed, 7 addresses free in them | kubectl patch ipamconfigs.crd.projectcalico.org default --type merge -p \'{"spec":{"maxBlocksPerHost":4}}\'',
      "note address-unusable | pool | 11 addresses free in its blocks, of which: 4 in blocks whose owner is gone or not selected by the pool | calicoctl ipam configure --strictaffinity=false",
    ],
  ],
  [
    "two nodes that have both confirmed a block",
    [POOL, node("n1"), node("n2"), block(CIDR, "n1"), affinity(CIDR, "n1"), affinity(CIDR, "n2")],
    [
      "problem affinity-double | 10.0.0.0/30 | node n2, and also n1; not its block | kubectl delete blockaffinities.crd.projectcalico.org n2-10-0-0-0-30",
    ],
  ],
  [
    "a pod that waits for its address",
    [
      ...BASE,
      block(CIDR, "n1"),
      pod("w", null, "Pending"),
      pod("x", null, "Pending", { nodeName: "" }),
    ],
    ["note pod-without-address | shop/w | on node n1 | kubectl describe pod -n shop w"],
  ],
])("%s", async (_, items, expected) => {
  expect(await findingsOf(...items)).toEqual(expected);
});

/** A pool of two blocks of four addresses. */
const SMALL = crd("IPPool", "small", { cidr: "10.0.0.0/29", blockSize: 30 });
const STRICT = crd("IPAMConfig", "default", { strictAffinity: true, autoAllocateBlocks: true });
const SECOND = "10.0.0.4/30";
/** Both blocks claimed: n1 has no address left, n2 has three. */
const CLAIMED = [
  affinity(CIDR, "n1"),
  affinity(SECOND, "n2"),
  block(CIDR, "n1", ...["a", "b", "c", "d"].map(ofPod)),
  block(SECOND, "n2", ofPod("e")),
  ...["a", "b", "c", "d", "e"].map((name, i) => pod(name, `10.0.0.${i}`)),
];
const NODES = [node("n1"), node("n2"), node("n3")];
const FULL =
  "note pool-without-free-block | small | all 2 blocks of /30 claimed; 1 of 3 selected nodes own none (n3): ";

test.each<[string, object[], string[]]>([
  [
    "with borrowing, free addresses serve every node",
    [SMALL, ...NODES, ...CLAIMED],
    [`${FULL}they can only borrow | calicoctl ipam show --show-blocks`],
  ],
  [
    "with strict affinity, those of other nodes serve nobody in need",
    [SMALL, STRICT, ...NODES, ...CLAIMED],
    [
      `${FULL}they get no address from it | calicoctl ipam show --show-blocks`,
      "note address-unusable | small | 3 addresses free in its blocks, of which: 3 in blocks of other nodes than n1, n3, with none left | calicoctl ipam configure --strictaffinity=false",
    ],
  ],
  ["while blocks are left to claim, no node is in need", [POOL, STRICT, ...NODES, ...CLAIMED], []],
  [
    "a reserved block is none to claim, and reserved addresses are not free",
    [
      SMALL,
      node("n1"),
      affinity(CIDR, "n1"),
      block(CIDR, "n1", ofPod("a")),
      pod("a", "10.0.0.0"),
      crd("IPReservation", "r", { reservedCIDRs: ["10.0.0.4/30", "10.0.0.3"] }),
    ],
    [
      "note pool-without-free-block | small | all 1 blocks of /30 claimed; each selected node owns one; the next new node will not | calicoctl ipam show --show-blocks",
      "note address-unusable | small | 3 addresses free in its blocks, of which: 1 reserved | kubectl get ipreservations.crd.projectcalico.org -o yaml",
    ],
  ],
  [
    "a pool that is disabled, and one that does not select its node, strand their blocks",
    [
      crd("IPPool", "off", { cidr: "10.0.0.0/24", blockSize: 30, disabled: true }),
      crd("IPPool", "other", { cidr: "10.1.0.0/24", blockSize: 30, nodeSelector: "has(gpu)" }),
      node("n1"),
      affinity(CIDR, "n1"),
      affinity("10.1.0.0/30", "n1"),
      block(CIDR, "n1", ofPod("a")),
      block("10.1.0.0/30", "n1", ofPod("b")),
      pod("a", "10.0.0.0"),
      pod("b", "10.1.0.0"),
    ],
    [
      "note block-stranded | 10.0.0.0/30 | node n1; pool off is disabled; 1 of 4 addresses allocated | kubectl delete pod -n shop a",
      "note block-stranded | 10.1.0.0/30 | node n1; pool other does not select the node; 1 of 4 addresses allocated | kubectl delete pod -n shop b",
    ],
  ],
])("room: %s", async (_, items, expected) => {
  expect(await findingsOf(...items)).toEqual(expected);
});

test("known causes are those of the release: the dump's, or the one that is asked for", async () => {
  const information = {
    apiVersion: "crd.projectcalico.org/v1",
    kind: "ClusterInformation",
    metadata: { name: "default" },
    spec: { calicoVersion: "v3.29.7" },
  };
  const handle = crd("IPAMHandle", "idle", { handleID: "idle", block: {} });
  const dump = await dumpOf(...BASE, block(CIDR, "n1"), handle, information);
  const causesIn = (release?: string) => {
    const profile = release === undefined ? undefined : findProfile(release);
    const { findings } = inspectCluster(dump, checkAddresses(dump), profile);
    return findings.flatMap(({ knownCauses }) => knownCauses);
  };
  expect(causesIn()).toEqual([]);
  expect(causesIn("v3.28.4")).toEqual([
    expect.stringMatching(
      /^v3\.28\.4: when the 90 s of an ADD start \(before the lock\); since v3\.29\.7, /,
    ),
    expect.stringMatching(/^v3\.28\.4: .*#10658/),
  ]);
});

/** A block of two addresses inside the first one. */
function block31(): object {
  return crd("IPAMBlock", "b31", { cidr: "10.0.0.2/31", allocations: [], unallocated: [0, 1] });
}

test("a kind that the dump does not speak of is not checked", async () => {
  const text = JSON.stringify({ kind: "List", items: [block(CIDR, "n1", ofPod("a"))] });
  const stdin = Readable.from([Buffer.from(text)]);
  const dump = await readClusterDump(["-"], { stdin });
  expect(inspectCluster(dump, checkAddresses(dump))).toEqual({
    findings: [],
    notChecked: [
      "addresses against pods and nodes: the dump has no IPPool, no Pod, no Node",
      "handles against blocks: the dump has no IPAMHandle",
      "blocks against pools: the dump has no IPPool",
      "blocks against affinities: the dump has no BlockAffinity",
      "blocks against nodes: the dump has no Node",
      "room of pools: the dump has no IPPool, no Node",
    ],
  });
});

test("borrowed addresses, of pods and tunnels, and from a block without owner", async () => {
  const dump = await dumpOf(
    block("10.0.0.0/30", "n2", ofPod("a"), {
      secondary: { node: "n1", type: "ipipTunnelAddress" },
    }),
    block("10.0.0.4/30", null, ofPod("b"), { secondary: null }),
    block("10.0.0.8/30", "n1", ofPod("c")),
  );
  expect(describeBorrowed(borrowedAddresses(dump))).toBe(
    [
      "+----------+----------------+-------------+-------------+-------------------+--------------+",
      "|    IP    | BORROWING-NODE |    BLOCK    | BLOCK OWNER |       TYPE        | ALLOCATED-TO |",
      "+----------+----------------+-------------+-------------+-------------------+--------------+",
      "| 10.0.0.0 | n1             | 10.0.0.0/30 | n2          | pod               | shop/a       |",
      "| 10.0.0.1 | n1             | 10.0.0.0/30 | n2          | ipipTunnelAddress |              |",
      "| 10.0.0.4 | n1             | 10.0.0.4/30 |             | pod               | shop/b       |",
      "+----------+----------------+-------------+-------------+-------------------+--------------+",
      "",
      "Note: found 1 IP allocations without an explicit node association. " +
        "Unable to determine if they are borrowed.",
      "",
    ].join("\n"),
  );
});

test("Windows' own addresses are in use, and have no handle", async () => {
  const dump = await dumpOf(
    ...BASE,
    block(CIDR, "n1", { handle_id: "windows-reserved-ipam-handle", secondary: { note: "x" } }),
  );
  const check = checkAddresses(dump);
  expect(check).toMatchObject({ leaked: [], missingHandles: [], problemCount: 0 });
  const lines = describeCheck(check, { all: true, problems: true }).split("\n");
  expect(lines).toContain("  10.0.0.0 belongs to Reserved for Windows");
  expect(lines).toContain(
    "  10.0.0.0 allocated; attrs Main:windows-reserved-ipam-handle Extra:note=x",
  );
});

test("the report has the UID that Calico's code sees, and Go's escapes", async () => {
  const uid = "80000001-0203-4405-8607-08090a0b0c01";
  const handle = {
    ...crd("IPAMHandle", "h", { handleID: "a<b", block: {} }),
    metadata: { name: "h", uid, resourceVersion: "9" },
  };
  const report = formatCheckReport(checkAddresses(await dumpOf(handle)), undefined, "v3.28.4");
  expect(report).toContain('"ID": "a\\u003cb"');
  expect(report).toContain('"UID": "01000080-40c0-44a0-86e0-109050d03080"');
});
