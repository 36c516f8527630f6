import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";
import { runCommand } from "../run-command.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ipamlab-import-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const NOW = "2026-01-05T10:00:00Z";

function ago(minutes: number): string {
  return new Date(Date.parse(NOW) - minutes * 60_000).toISOString().replace(".000", "");
}

function crd(kind: string, name: string, spec: object): object {
  return { apiVersion: "crd.projectcalico.org/v1", kind, metadata: { name }, spec };
}

function node(name: string, labels: Record<string, string> = {}): object {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels },
    status: {
      allocatable: { pods: "30" },
      conditions: [{ type: "Ready", lastHeartbeatTime: NOW }],
    },
  };
}

function pod(
  name: string,
  minutes: number,
  { ip, owner, hostNetwork, on = "n1" }: Record<string, unknown>,
) {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "shop",
      creationTimestamp: ago(minutes),
      ...(owner === undefined ? {} : { ownerReferences: [{ ...owner, controller: true }] }),
    },
    spec: { nodeName: on, hostNetwork },
    status: { phase: "Running", podIP: ip },
  };
}

const CART = { kind: "ReplicaSet", name: "cart-7c9f6d5b8" };
const NAMES = ["cart-1", "cart-2", "cart-3", "cart-4", "cart-5", "cart-6"];

function cluster(): object[] {
  return [
    crd("ClusterInformation", "default", { clusterGUID: "x", calicoVersion: "v3.29.1" }),
    crd("IPPool", "small", { cidr: "10.0.0.0/24", blockSize: 28 }),
    crd("IPPool", "hands-off", { cidr: "10.9.0.0/24", assignmentMode: "Manual" }),
    crd("IPPool", "six", { cidr: "fd00::/64" }),
    crd("IPAMConfig", "default", { strictAffinity: true, autoAllocateBlocks: true }),
    crd("IPReservation", "gateway", { reservedCIDRs: ["10.0.0.1"] }),
    node("cp", { "node-role.kubernetes.io/control-plane": "", "kubernetes.io/hostname": "cp" }),
    node("n1", { "kubernetes.io/hostname": "n1" }),
    crd("IPAMBlock", "b", {
      cidr: "10.0.0.16/28",
      affinity: "host:n1",
      allocations: [0, 1, 2, 3, 4, 5, 6, ...Array.from({ length: 9 }, () => null)],
      unallocated: [7, 8, 9, 10, 11, 12, 13, 14, 15],
      attributes: [...NAMES, "gone"].map((name) => ({
        handle_id: `h-${name}`,
        secondary: { namespace: "shop", pod: name, node: "n1" },
      })),
    }),
    crd("BlockAffinity", "a", { cidr: "10.0.0.16/28", node: "n1", state: "confirmed" }),
    ...[...NAMES, "gone"].map((name) =>
      crd("IPAMHandle", `h-${name}`, { handleID: `h-${name}`, block: { "10.0.0.16/28": 1 } }),
    ),
    ...NAMES.map((name, i) => pod(name, 10 * (i + 1), { ip: `10.0.0.${16 + i}`, owner: CART })),
    pod("proxy", 9999, { ip: "192.168.0.1", hostNetwork: true }),
    pod("proxy-cp", 9999, { ip: "192.168.0.2", hostNetwork: true, on: "cp" }),
  ];
}

async function importedFrom(items: readonly object[], ...more: string[]) {
  const dump = join(folder, "cluster.json");
  await writeFile(dump, JSON.stringify({ kind: "List", items }));
  const output = join(folder, "tomorrow.yaml");
  const ran = await runCommand("import", dump, "-o", output, ...more);
  return { ...ran, output };
}

test("the scenario starts from the dump, with what is estimated marked", async () => {
  const { exitCode, stdout, output } = await importedFrom(cluster());
  expect(exitCode).toBe(0);
  const yaml = await readFile(output, "utf8");
  await expect(yaml).toMatchFileSnapshot("import.expected.yaml");
  expect(stdout).toContain(
    "shop Deployment/cart: one pod every 5 min 50 s, for 35 min (the mean age of 6 pods, by Little's law)",
  );
  const result = await runCommand("simulate", output, "--json", "-");
  const { initialState, release, operations } = JSON.parse(result.stdout) as Record<string, object>;
  expect(release).toMatchObject({ name: "v3.29.1" });
  expect(initialState).toMatchObject({ pods: 6, otherAddresses: 1, contradiction: null });
  expect(operations).toMatchObject({ assignments: { failed: 0 } });
});

test("a state that was imported says of itself what the dump said", async () => {
  await importedFrom(cluster());
  const again = join(folder, "again.yaml");
  const state = join(folder, "tomorrow.state.json");
  expect((await runCommand("import", state, "-o", again)).exitCode).toBe(0);
  expect(await readFile(join(folder, "again.state.json"), "utf8")).toBe(
    await readFile(state, "utf8"),
  );
  const [first, second] = [join(folder, "tomorrow.yaml"), again].map((file) =>
    readFile(file, "utf8"),
  );
  const {
    name: _first,
    initialState: _ours,
    ...rest
  } = parse(await first!) as Record<string, object>;
  const { name: _second, initialState: _theirs, ...same } = parse(await second!) as typeof rest;
  expect(same).toEqual(rest);
});

test("--anonymise leaves no name, and the same estimates", async () => {
  const { output, stdout } = await importedFrom(cluster(), "--anonymise-addresses");
  expect(stdout).toContain("Deployment/workload-1: one pod every 5 min 50 s");
  const written = (await readdir(folder)).filter((file) => file.startsWith("tomorrow"));
  expect(written.sort()).toEqual(["tomorrow.state.json", "tomorrow.yaml"]);
  for (const file of written) {
    expect(await readFile(join(folder, file), "utf8")).not.toMatch(/cart|shop|proxy|n1|10\.0\.0\./);
  }
  expect((await runCommand("simulate", output)).exitCode).toBe(0);
});

test("what happened before is counted, under other names too", async () => {
  const line = (verb: string, name: string, minutes: number) =>
    JSON.stringify({
      kind: "Event",
      apiVersion: "audit.k8s.io/v1",
      stage: "ResponseComplete",
      verb,
      objectRef: {
        resource: "pods",
        namespace: "shop",
        name,
        ...(verb === "create" ? { subresource: "binding" } : {}),
      },
      responseStatus: { code: 200 },
      stageTimestamp: ago(minutes),
    });
  const name = (i: number) => `cart-7c9f6d5b8-x7k2${"bcdfgh"[i]!}`;
  const lines = [0, 1, 2, 3, 4, 5].flatMap((i) => [
    line("create", name(i), 60 - 10 * i),
    line("delete", name(i), 60 - 10 * i - 5),
  ]);
  const events = join(folder, "audit.log");
  await writeFile(events, [...lines, line("get", "x", 0)].join("\n"));
  // One comes every ten minutes; those of the dump came as well, and ran on.
  const { stdout } = await importedFrom(cluster(), "--events", events);
  expect(stdout).toContain("Deployment/cart: one pod every 5 min");
  expect(stdout).toContain("12 pods came and 6 went while it was watched");
  const other = await importedFrom(cluster(), "--events", events, "--anonymise");
  expect(other.stdout).toContain("namespace-1 Deployment/workload-1: one pod every 5 min");
});

test("a dump without pods' times gives an assumed rate, and says so", async () => {
  const items = cluster().filter((item) => (item as { kind: string }).kind !== "Pod");
  const { stdout, output } = await importedFrom(items, "--duration", "1h", "--json");
  expect(JSON.parse(stdout)).toMatchObject({
    estimates: [],
    leftOut: [expect.stringContaining("the pool six: no pod has an IPv6 address")],
  });
  expect(await readFile(output, "utf8")).toContain("rate: 1 # assumed: the dump tells nothing");
});

test.each([
  [["--duration", "tomorrow"], "--duration: expected a duration such as 90s, 10m or 1h30m"],
  [["--taken-at", "now"], "--taken-at: expected a time such as 2026-01-05T10:00:00Z"],
  [["--release", "v9"], '--release: unknown release "v9"'],
])("%s is refused, and nothing is written", async (options, message) => {
  const { exitCode, stderr } = await importedFrom(cluster(), ...options);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(message);
  expect(await readdir(folder)).toEqual(["cluster.json"]);
});
