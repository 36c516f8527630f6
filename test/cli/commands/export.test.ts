import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { runCommand } from "../run-command.js";

const MODELS = ["allocator", "cluster"];

const CLUSTER = "test/fixtures/golden-clusters/cluster-02/cluster.json.gz";

let folder = "";
let scenario = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ipamlab-export-"));
  scenario = join(folder, "scenario.yaml");
  await writeFile(
    scenario,
    `ipamlab: 1
release: v3.32.1
pools: [{ name: pods, cidr: 10.0.0.0/24, blockSize: 28 }]
nodes: { count: 3 }
workload:
  - { executor: poisson, rate: 1, duration: 60s, lifetime: 20s, namespace: shop }
`,
  );
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function exported(...args: string[]): Promise<string> {
  const output = join(folder, "state.json");
  const { exitCode, stderr } = await runCommand("export", scenario, "-o", output, ...args);
  expect(stderr).toBe("");
  expect(exitCode).toBe(0);
  return output;
}

/** Options that run a scenario in a model; nothing collects garbage. */
function modelOf(model: string): string[] {
  const cluster = ["simulation.duration=10m", "gc.enabled=false"];
  const changes = [`simulation.model=${model}`, ...(model === "cluster" ? cluster : [])];
  return changes.flatMap((change) => ["--set", change]);
}

test.each(MODELS)(
  "the end of a run is a sound cluster for check, with its pods: %s",
  async (model) => {
    const state = await exported("--at", "45s", ...modelOf(model));
    const checked = await runCommand("check", state, "--json");
    const { calicoctl } = JSON.parse(checked.stdout) as { calicoctl: Record<string, number> };
    expect(calicoctl).toMatchObject({ problems: 0, allocatedNotInUse: 0, inUseNotAllocated: 0 });
    expect(calicoctl["allocations"]).toBeGreaterThan(5);
    expect(calicoctl["workloadAddresses"]).toBe(calicoctl["allocations"]);
  },
);

test.each(MODELS)("a run that starts from an export starts from its state: %s", async (model) => {
  const state = await exported("--at", "45s", ...modelOf(model));
  const next = join(folder, "next.yaml");
  expect((await runCommand("import", state, "-o", next)).exitCode).toBe(0);
  const imported = parse(await readFile(next, "utf8")) as object;
  const later = { executor: "burst", pods: 1, startAfter: "1h" };
  await writeFile(next, stringify({ ...imported, workload: [later], thresholds: [] }));
  const again = join(folder, "again.json");
  await runCommand("export", next, "--at", "0s", "-o", again, ...modelOf(model));
  const itemsOf = async (file: string) => {
    const { items } = JSON.parse(await readFile(file, "utf8")) as { items: { kind: string }[] };
    return items.filter(({ kind }) => ["IPAMBlock", "BlockAffinity", "IPAMHandle"].includes(kind));
  };
  expect(await itemsOf(again)).toEqual(await itemsOf(state));
});

test("keys of etcd hold the same cluster; pods are in Kubernetes alone", async () => {
  const shown = async (file: string) => (await runCommand("show", "--show-blocks", file)).stdout;
  const table = (await shown(await exported("--at", "45s"))).split("\n\n")[0];
  const etcd = await exported("--format", "etcd", "--at", "45s");
  expect((await shown(etcd)).split("\n\n")[0]).toBe(table);
  expect(await readFile(etcd, "utf8")).toMatch(/^\/calico\/ipam\/v2\//m);
});

test("--objects ipam leaves the cluster its own nodes and pods", async () => {
  const text = await readFile(await exported("--objects", "ipam", "--at", "45s"), "utf8");
  const { items } = JSON.parse(text) as { items: { kind: string }[] };
  expect(new Set(items.map(({ kind }) => kind))).toEqual(
    new Set([
      "IPPool",
      "IPAMConfig",
      "ClusterInformation",
      "IPAMBlock",
      "BlockAffinity",
      "IPAMHandle",
    ]),
  );
});

test("fields that a release does not know are not there", async () => {
  const text = await readFile(await exported("--release", "v3.28.4"), "utf8");
  expect(text).not.toContain("affinityClaimTime");
  expect(text).not.toContain("hostname-hash");
  expect(await readFile(await exported(), "utf8")).toContain("hostname-hash");
});

test.each(MODELS)(
  "leaks and tunnels of a cluster are still there after a run: %s",
  async (model) => {
    const imported = join(folder, "real.yaml");
    await runCommand("import", CLUSTER, "-o", imported, "--duration", "1h");
    const state = join(folder, "later.json");
    await runCommand("export", imported, "-o", state, ...modelOf(model));
    const counts = async (file: string) => {
      const { stdout } = await runCommand("check", file, "--json");
      return (JSON.parse(stdout) as { calicoctl: Record<string, number> }).calicoctl;
    };
    const [before, after] = [await counts(CLUSTER), await counts(state)];
    expect(after["nodeTunnelAddresses"]).toBe(before["nodeTunnelAddresses"]);
    expect(after["allocatedNotInUse"]).toBe(before["allocatedNotInUse"]);
  },
);

test("nodes keep their tunnels' addresses: exported in both forms, and in a run that starts from there", async () => {
  const tunnels = ["--set", "pools.pods.vxlanMode=Always", ...modelOf("cluster")];
  const usedBy = async (file: string) => {
    const { stdout } = await runCommand("check", file, "--json");
    const { calicoctl } = JSON.parse(stdout) as { calicoctl: Record<string, number> };
    return [calicoctl["nodeTunnelAddresses"], calicoctl["allocatedNotInUse"]];
  };
  const state = await exported("--at", "0s", ...tunnels);
  expect(await usedBy(state)).toEqual([3, 0]);
  const next = join(folder, "next.yaml");
  await runCommand("import", state, "-o", next);
  const again = join(folder, "again.json");
  await runCommand("export", next, "--at", "1s", "-o", again, ...modelOf("cluster"));
  expect(await usedBy(again)).toEqual([3, 0]);
  const keys = await exported("--at", "0s", "--format", "etcd", ...tunnels);
  expect(await usedBy(keys)).toEqual([3, 0]);
});

test("a time that is none is refused", async () => {
  const { exitCode, stderr } = await runCommand("export", scenario, "-o", "-", "--at", "noon");
  expect(exitCode).toBe(2);
  expect(stderr).toContain('--at: expected a duration such as 90s, 10m or 1h30m, found "noon"');
});
