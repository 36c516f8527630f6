import { execFileSync } from "node:child_process";
import { createWriteStream, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { largeClusterText } from "../../../bench/large-cluster.js";

const MIB = 1024 * 1024;

let folder = "";
let file = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ipamlab-large-"));
  file = join(folder, "cluster.json");
  const text = largeClusterText({ blocks: 10_000, pods: 150_000, nodes: 5_000 });
  await pipeline(Readable.from(text), createWriteStream(file));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

test("a cluster of 10,000 blocks and 150,000 pods is checked within 2 GiB", async () => {
  expect((await stat(file)).size).toBeGreaterThan(500 * MIB);
  const peak = join(folder, "peak");
  const script = `process.on("exit", () => {
    const { maxRSS } = process.resourceUsage();
    require("node:fs").writeFileSync(${JSON.stringify(peak)}, String(maxRSS));
  });`;
  const preload = join(folder, "preload.cjs");
  writeFileSync(preload, script);
  const argv = ["--require", preload, "dist/cli/main.js", "check", "--json", file];
  const output = execFileSync(process.execPath, argv, { encoding: "utf8", maxBuffer: 64 * MIB });
  const { calicoctl, findings } = JSON.parse(output) as {
    calicoctl: { blocks: number; allocations: number; problems: number };
    findings: object[];
  };
  expect(calicoctl).toMatchObject({ blocks: 10_000, allocations: 150_000, problems: 0 });
  expect(findings).toEqual([]);
  // maxRSS is in KiB.
  expect(Number(readFileSync(peak, "utf8"))).toBeLessThan(2 * 1024 * 1024);
});
