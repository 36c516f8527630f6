// needs-debian: etcd-server
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "../cli/run-command.js";
import { startEtcd } from "./local-servers.js";

const CLUSTER = "test/fixtures/golden-clusters/cluster-02/cluster.json.gz";

let folder = "";
let etcd: Awaited<ReturnType<typeof startEtcd>>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ipamlab-etcd-"));
  etcd = await startEtcd(folder);
});
afterAll(async () => {
  await etcd.stop();
  await rm(folder, { recursive: true });
});

const encode = (text: string) => Buffer.from(text).toString("base64");
const decode = (text: string) => Buffer.from(text, "base64").toString();

/** A call of etcd's JSON interface. */
async function call(method: string, question: object): Promise<unknown> {
  const body = JSON.stringify(question);
  const answer = await fetch(`${etcd.url}/v3/kv/${method}`, { method: "POST", body });
  expect(answer.status).toBe(200);
  return answer.json();
}

/** Every key under /calico/ with its value, as `etcdctl get --prefix /calico/` prints them. */
async function getAll(): Promise<string> {
  const range = { key: encode("/calico/"), range_end: encode("/calico0") };
  const { kvs } = (await call("range", range)) as { kvs: { key: string; value: string }[] };
  return kvs.map(({ key, value }) => `${decode(key)}\n${decode(value)}\n`).join("");
}

test("a real etcd keeps the exported keys: what is read back shows the same cluster", async () => {
  const scenario = join(folder, "real.yaml");
  await runCommand("import", CLUSTER, "-o", scenario, "--release", "v3.28.4");
  const exported = join(folder, "keys.txt");
  const { exitCode, stderr } = await runCommand(
    ...["export", scenario, "--at", "0s", "--format", "etcd", "-o", exported],
  );
  expect(exitCode, stderr).toBe(0);
  const lines = (await readFile(exported, "utf8")).trimEnd().split("\n");
  expect(lines.length).toBeGreaterThan(50);
  for (let i = 0; i < lines.length; i += 2) {
    await call("put", { key: encode(lines[i]!), value: encode(lines[i + 1]!) });
  }
  const readBack = join(folder, "read-back.txt");
  await writeFile(readBack, await getAll());
  for (const view of [["show", "--show-blocks", "--show-configuration"], ["check"]]) {
    const before = await runCommand(...view, exported);
    const after = await runCommand(...view, readBack);
    expect(after).toEqual({ ...before, stdout: before.stdout.replaceAll(exported, readBack) });
  }
});
