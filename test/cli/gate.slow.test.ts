import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { BaselineSchema } from "../../src/formats/result/baseline.js";
import { runCommand } from "./run-command.js";

it("gate measures throughput, and sees twice that a baseline was much faster", async () => {
  const folder = await mkdtemp(join(tmpdir(), "gate-"));
  const file = join(folder, "throughput.json");
  const scenario = "stranded-single-address-blocks";
  await runCommand("gate", "record", scenario, "--throughput", "--baseline", file);
  const read = BaselineSchema.parse(JSON.parse(await readFile(file, "utf8")));
  const { throughput } = read.entries[0]!;
  expect(throughput!.ratios).toHaveLength(20);
  expect(Math.min(...throughput!.ratios)).toBeGreaterThan(0);
  const ratios = throughput!.ratios.map((ratio) => ratio / 4);
  const entries = [{ ...read.entries[0]!, throughput: { ...throughput!, ratios } }];
  await writeFile(file, JSON.stringify({ ...read, entries }));
  const { exitCode, stdout } = await runCommand("gate", "check", "--baseline", file);
  expect(stdout).toMatch(/FAILED +throughput .*measured again: .*, confirmed/);
  expect(exitCode).toBe(1);
  await rm(folder, { recursive: true });
});
