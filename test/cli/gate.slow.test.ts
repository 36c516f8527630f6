import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { BaselineSchema } from "../../src/formats/result/baseline.js";

// The built program: run from the sources, there are no threads to measure on.
const MAIN = resolve("dist/cli/main.js");
const SCENARIO = "stranded-single-address-blocks";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gate-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

function gate(...argv: string[]) {
  return spawnSync(process.execPath, [MAIN, "gate", ...argv], { encoding: "utf8" });
}

it("gate measures throughput, and sees twice that a baseline was much faster", async () => {
  const file = join(folder, "throughput.json");
  const { status, stderr } = gate("record", SCENARIO, "--throughput", "--baseline", file);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const read = BaselineSchema.parse(JSON.parse(await readFile(file, "utf8")));
  const { throughput } = read.entries[0]!;
  expect(throughput!.ratios).toHaveLength(12);
  expect(Math.min(...throughput!.ratios)).toBeGreaterThan(0);
  const ratios = throughput!.ratios.map((ratio) => ratio / 4);
  const entries = [{ ...read.entries[0]!, throughput: { ...throughput!, ratios } }];
  await writeFile(file, JSON.stringify({ ...read, entries }));
  const check = gate("check", "--baseline", file);
  expect(check.stdout).toMatch(/FAILED +throughput .*measured again: .*, confirmed/);
  expect(check.status).toBe(1);
}, 900_000);

it("gate ends soon when it is interrupted while it measures, and writes nothing", async () => {
  const file = join(folder, "interrupted.json");
  const argv = [MAIN, "gate", "record", SCENARIO, "--throughput", "--baseline", file];
  const child = spawn(process.execPath, argv, { stdio: "ignore" });
  await new Promise((done) => setTimeout(done, 6000));
  expect(child.exitCode).toBeNull();
  child.kill("SIGINT");
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  expect({ code, signal }).toEqual({ code: 130, signal: null });
  await expect(readFile(file)).rejects.toThrow("ENOENT");
});
