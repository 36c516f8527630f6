import { expect, test } from "vitest";
import { dumpCluster, storedFieldsOf } from "../../../src/cluster-state/dump-cluster.js";
import { affinityName } from "../../../src/formats/cluster/object-names.js";
import { etcdPairs, kubernetesText } from "../../../src/formats/cluster/write-cluster-dump.js";
import { Cidr } from "../../../src/model/cidr.js";
import { findProfile } from "../../../src/releases/profiles.js";
import { Trial } from "../../protocol/trial.js";

function stateOf(release: string) {
  const trial = Trial.with([{ cidr: "10.0.0.0/24", blockSize: 30 }], release);
  trial.assign("n1", 1, { handle: "h1", attrs: { pod: "p", namespace: "s", node: "n1" } });
  const fields = storedFieldsOf(findProfile(release)!.behaviours);
  return [dumpCluster(trial.datastore, null), fields] as const;
}

interface WrittenObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: object };
  readonly spec: object;
}

function objectsOf(release: string): WrittenObject[] {
  const text = [...kubernetesText(...stateOf(release))].join("");
  return (JSON.parse(text) as { items: WrittenObject[] }).items;
}

test("each release gets the fields that it knows", () => {
  const affinityOf = (release: string) =>
    objectsOf(release).find(({ kind }) => kind === "BlockAffinity")!;
  expect(affinityOf("v3.28.4").spec).not.toHaveProperty("type");
  expect(affinityOf("v3.28.4").metadata.labels).toBeUndefined();
  expect(affinityOf("v3.30.0").spec).toHaveProperty("type", "host");
  expect(affinityOf("v3.31.0").metadata.labels).toEqual({
    "projectcalico.org/affinity-type": "host",
    // By Python: base64.b32encode(hashlib.sha3_256(b"n1").digest()).rstrip(b"=")
    "projectcalico.org/hostname-hash": "DM7EHBDU4L3ELKRER4A46T6QMKAGARQI4CVWBO26S4I2IDAAW6CA",
    "projectcalico.org/ip-version": "4",
  });
});

test("etcd keys and values are Calico's", () => {
  const pairs = [...etcdPairs(...stateOf("v3.28.4"))];
  const block = pairs.find(({ key }) => key.includes("/assignment/"))!;
  const cidr = /ipv4\/block\/(10\.0\.0\.\d+)-30$/.exec(block.key)![1]!;
  expect(pairs.map(({ key }) => key)).toEqual([
    `/calico/ipam/v2/host/n1/ipv4/block/${cidr}-30`,
    `/calico/ipam/v2/assignment/ipv4/block/${cidr}-30`,
    "/calico/ipam/v2/handle/h1",
    "/calico/ipam/v2/config",
    "/calico/resources/v3/projectcalico.org/ippools/10.0.0.0/24",
    "/calico/resources/v3/projectcalico.org/nodes/n1",
    "/calico/resources/v3/projectcalico.org/nodes/n2",
  ]);
  expect(pairs[0]!.value).toBe('{"state":"confirmed","deleted":false}');
  expect(pairs[2]!.value).toBe(`{"block":{"${cidr}/30":1},"deleted":false}`);
  expect(pairs[3]!.value).toBe(
    '{"strict_affinity":false,"auto_allocate_blocks":true,"maxBlocksPerHost":0}',
  );
  expect(block.value).toMatch(
    /^\{"cidr":"10\.0\.0\.\d+\/30","affinity":"host:n1","allocations":\[0,null,null,null\],"unallocated":\[1,2,3\],"attributes":\[\{"handle_id":"h1","secondary":\{.*\}\}\],"sequenceNumber":\d{19},/,
  );
});

test("a long node name is cut in the name of an affinity, and a hash added", () => {
  const name = affinityName("n".repeat(241), Cidr.of("10.0.0.0/26"));
  expect(name).toHaveLength(252);
  expect(name).toMatch(/^n{228}-10-0-0-0-26-[0-9a-f]{11}$/);
  expect(affinityName("n".repeat(241), Cidr.of("10.0.0.0/30"))).not.toBe(name);
});
