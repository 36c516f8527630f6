import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { anonymised } from "../../../src/formats/cluster/anonymise.js";
import { AddressMap } from "../../../src/formats/cluster/anonymise-addresses.js";
import type { ClusterDump } from "../../../src/formats/cluster/cluster-dump.js";
import { readClusterDump } from "../../../src/formats/cluster/read-cluster-dump.js";
import { ALL_FIELDS, kubernetesText } from "../../../src/formats/cluster/write-cluster-dump.js";
import { checkAddresses } from "../../../src/inspection/address-check.js";
import { inspectCluster } from "../../../src/inspection/inspect-cluster.js";
import { formatAddress } from "../../../src/model/address.js";
import { Cidr } from "../../../src/model/cidr.js";

const KEY = Buffer.from("a key for tests");

async function readText(text: string): Promise<ClusterDump> {
  return readClusterDump(["-"], { stdin: Readable.from([Buffer.from(text)]) });
}

/** What is wrong with a cluster, without names. */
function troubles(dump: ClusterDump) {
  const check = checkAddresses(dump);
  const { findings } = inspectCluster(dump, check);
  return {
    problems: check.problemCount,
    leaked: check.leaked.length,
    findings: findings.map(({ kind, severity }) => `${severity} ${kind}`).sort(),
  };
}

test.each(["01", "02", "03", "04", "05", "06", "07", "08"])(
  "cluster %s: no name is left, and the same is wrong with it",
  async (number) => {
    const file = `test/fixtures/golden-clusters/cluster-${number}/cluster.json.gz`;
    const original = await readText(gunzipSync(readFileSync(file)).toString("utf8"));
    const text = [...kubernetesText(anonymised(original, new AddressMap(KEY)), ALL_FIELDS)].join(
      "",
    );
    for (const { name } of original.nodes) expect(text).not.toContain(`"${name}"`);
    for (const { value } of original.handles) expect(text).not.toContain(value.id);
    for (const { name } of original.pods) expect(text).not.toContain(`"${name}"`);
    for (const { value } of original.blocks) expect(text).not.toContain(value.cidr.text);
    expect(troubles(await readText(text))).toEqual(troubles(original));
  },
);

test("a pool's nodes stay its nodes, and a CronJob's pods a CronJob's", async () => {
  const meta = (name: string, labels: object) => ({ name, labels });
  const text = JSON.stringify([
    {
      apiVersion: "crd.projectcalico.org/v1",
      kind: "IPPool",
      metadata: { name: "secret-pool" },
      spec: { cidr: "10.1.0.0/16", nodeSelector: "rack == 'secret-rack'" },
    },
    { apiVersion: "v1", kind: "Node", metadata: meta("n1", { rack: "secret-rack" }) },
    { apiVersion: "v1", kind: "Node", metadata: meta("n2", { rack: "other" }) },
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: "backup-29460000-abcde",
        namespace: "secret",
        ownerReferences: [{ kind: "Job", name: "backup-29460000", controller: true }],
      },
      spec: { nodeName: "n1" },
    },
  ]);
  const other = anonymised(await readText(text), undefined);
  expect(JSON.stringify([other.nodes, other.pods, other.pools[0]!.value.name])).not.toMatch(
    /secret|backup|rack/,
  );
  expect(other.pools[0]!.value.nodeSelector).toBe("ipamlab.example/pool-1 == 'yes'");
  expect(other.nodes.map(({ labels }) => labels)).toEqual([
    { "ipamlab.example/pool-1": "yes" },
    {},
  ]);
  expect(other.pods[0]!.owner).toEqual({ kind: "Job", name: "workload-1-29460000" });
});

const address = fc.integer({ min: 0, max: 2 ** 32 - 1 });

test("addresses that begin alike still do, and no two become one", () => {
  fc.assert(
    fc.property(address, address, fc.integer({ min: 0, max: 32 }), (a, b, prefix) => {
      const map = new AddressMap(KEY);
      expect(map.address(a) === map.address(b)).toBe(a === b);
      const [x, y] = [Cidr.containing(a, prefix), Cidr.containing(b, prefix)];
      expect(map.cidr(x).text === map.cidr(y).text).toBe(x.text === y.text);
      expect(map.cidr(x).contains(map.address(a))).toBe(true);
    }),
  );
});

test("IPv6 too; networks stay private, and ordinals stay", () => {
  const map = new AddressMap(KEY);
  const [pool, block] = [Cidr.of("fd00:10:244::/48"), Cidr.of("fd00:10:244::40/122")];
  expect(map.cidr(pool).covers(map.cidr(block))).toBe(true);
  expect(map.cidr(pool).text).toMatch(/^fd/);
  expect(map.cidr(block).ordinalOf(map.address(block.addressAt(9)))).toBe(9);
  expect(formatAddress(map.address(0x0a000007))).toMatch(/^10\..*\.7$/);
});

test("another key gives other addresses", () => {
  const [a, b] = ["a", "b"].map((key) => new AddressMap(Buffer.from(key)).text("10.20.30.0/24"));
  expect(a).not.toBe(b);
  expect(new AddressMap(Buffer.from("a")).text("10.20.30.0/24")).toBe(a);
});
