import { readdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { conform } from "../../src/conformance/conform.js";
import { sideBySide } from "../../src/conformance/difference.js";
import { findProfile } from "../../src/releases/profiles.js";
import { faultsOf } from "../formats/faults-of.js";

const GOLDEN = join("test", "fixtures", "golden");

function recordings(folder: string, ending = ".jsonl.gz"): string[] {
  return readdirSync(join(GOLDEN, folder))
    .filter((name) => name.endsWith(ending))
    .map((name) => join(GOLDEN, folder, name));
}

const TRACES = ["v3.28.4", "v3.31.6", "v3.32.1"].flatMap((folder) => recordings(folder));
const REPLAYS = recordings("replays");
const REQUESTS = recordings("kubernetes-requests");
const COLLECTIONS = recordings("gc");
const PLUGIN = recordings("cni", ".json.gz");
const CLIENT_LIMITS = recordings("kubernetes-requests", ".json.gz");

describe("recordings of the real library", () => {
  it("has all of them", () => {
    expect(TRACES).toHaveLength(66);
    expect(REPLAYS).toHaveLength(4);
    expect(REQUESTS).toHaveLength(5);
    expect(COLLECTIONS).toHaveLength(5);
    expect(PLUGIN).toHaveLength(5);
    expect(CLIENT_LIMITS).toHaveLength(1);
  });

  it.each([
    ...TRACES,
    ...REPLAYS,
    ...REQUESTS,
    ...COLLECTIONS,
    join(GOLDEN, "block-starts.jsonl.gz"),
  ])("%s is met call by call", async (file) => {
    const report = await conform(file);
    expect(report.difference).toBeNull();
    expect(report.operations).toBeGreaterThan(25);
  });

  it.each(["v3.28.0", "v3.29.7", "v3.30.0"])("of the collector are met by %s too", async (name) => {
    for (const file of COLLECTIONS) {
      const report = await conform(file, { release: findProfile(name) });
      expect(report.difference).toBeNull();
    }
  });

  it.each([
    // An empty block stays while the others are full.
    ["v3.27.5", "gc-02-small-blocks", "calls"],
    // One pool list a release, and leaks are released together.
    ["v3.30.7", "gc-01-leaks-and-nodes", "calls"],
    ["v3.31.0", "gc-01-leaks-and-nodes", "calls"],
  ])("of v3.28.4's collector are not met by %s", async (name, recording, what) => {
    const file = COLLECTIONS.find((path) => path.includes(recording))!;
    const report = await conform(file, { release: findProfile(name) });
    expect(report.difference?.what).toBe(what);
  });

  it.each([
    ...PLUGIN.map((file) => [file, file.includes("burst") ? 60 : 16] as const),
    ...CLIENT_LIMITS.map((file) => [file, 8] as const),
  ])("%s is met in simulated time", async (file, operations) => {
    const report = await conform(file);
    expect(report.difference).toBeNull();
    expect(report.operations).toBe(operations);
  });

  it.each([
    ["burst-60-delay-250ms.v3.28.4", "v3.29.7", "outcome"],
    ["burst-60-delay-250ms.v3.28.4", "v3.28.3", undefined],
    ["burst-60-delay-250ms.v3.32.1", "v3.29.6", "outcome"],
    ["sequence.v3.28.4", "v3.30.0", "calls"],
    ["sequence.v3.32.1", "v3.31.5", "calls"],
  ])("%s replayed with %s: %s", async (name, release, what) => {
    const file = join(GOLDEN, "cni", `${name}.json.gz`);
    const report = await conform(file, { release: findProfile(release) });
    expect(report.difference?.what).toBe(what);
  });

  it.each(recordings("v3.28.4"))("%s is met by v3.28.3 too", async (file) => {
    const report = await conform(file, { release: findProfile("v3.28.3") });
    expect(report.difference).toBeNull();
  });

  it.each(recordings("v3.28.4"))("%s is met by the model post-3.28.4 too", async (file) => {
    const report = await conform(file, { release: findProfile("post-3.28.4") });
    expect(report.difference).toBeNull();
  });

  it.each(["15-concurrent-same-node", "16-concurrent-nodes", "17-concurrent-claims"])(
    "%s is not met by pre-3.28.4, which lets one operation run at a time",
    async (name) => {
      const file = join(GOLDEN, "v3.28.4", `${name}.jsonl.gz`);
      const report = await conform(file, { release: findProfile("pre-3.28.4") });
      expect(report.difference).not.toBeNull();
    },
  );

  it.each([
    // Each pair of releases differs where the specification says so, and nowhere else.
    ["v3.28.4", "v3.31.6", ["13", "14", "18", "21"]],
    ["v3.31.6", "v3.32.1", ["10", "11", "22"]],
  ])("%s and %s differ on the scripts known to differ", async (recorded, other, scripts) => {
    const differing: string[] = [];
    for (const file of recordings(recorded)) {
      const report = await conform(file, { release: findProfile(other) });
      if (report.difference !== null) differing.push(report.name.slice(0, 2));
    }
    expect(differing).toEqual(scripts);
  });
});

describe("a difference", () => {
  it("names the operation and shows both sides", async () => {
    const file = join(GOLDEN, "v3.28.4", "14-release-ips.jsonl.gz");
    const report = await conform(file, { release: findProfile("v3.32.1") });
    const { difference } = report;
    expect(difference?.what).toBe("calls");
    const lines = sideBySide(
      difference!.expected as readonly (readonly string[])[],
      difference!.actual as readonly (readonly string[])[],
    );
    expect(lines[0]).toMatch(/^call\s+expected\s+actual$/);
    expect(lines.some((line) => line.includes("≠"))).toBe(true);
  });
});

describe("a file that is no recording", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "conform-"));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  const HEADER = '{"header":{"calico":"v3.28.4","name":"x"}}\n';

  it.each([
    ["empty", "", ": is empty; expected a recording"],
    ["not JSON", `${HEADER}{"op":`, ":2: expected one JSON value: "],
    ["no header", '{"a":1}\n', ':1: expected one of the keys "header", "op", "snapshot"'],
    ["an operation first", '{"op":{"op":"x"}}\n', ':1: expected a first line with "header"'],
    [
      "unknown release",
      '{"header":{"calico":"v3.28.44","name":"x"}}\n',
      ':1: unknown release "v3.28.44" (did you mean "v3.28.4"?)',
    ],
    [
      "unknown operation",
      `${HEADER}{"op":{"op":"autoAsign"},"calls":[],"result":{}}\n`,
      ':2: op.op: "autoAsign" is not a known operation',
    ],
    [
      "unknown edit",
      `${HEADER}{"op":{"op":"setPol"}}\n`,
      ':2: op.op: "setPol" is not a known edit',
    ],
    [
      "bad cidr",
      `${HEADER}{"op":{"op":"claimAffinity","cidr":"10.0.0.0/33"},"calls":[],"result":{}}\n`,
      ':2: op.cidr: expected a cidr, found "10.0.0.0/33"',
    ],
    [
      "wrong type",
      `${HEADER}{"op":{"op":"autoAssign","num4":"1"},"calls":[],"result":{}}\n`,
      ":2: op.num4: expected a number",
    ],
    [
      "a sync before the start",
      `${HEADER}{"op":{"op":"gcSync"},"calls":[],"result":{}}\n`,
      ':2: op.op: "gcSync" without "gcStart"',
    ],
    ["a list of nothing known", '[\n {"a": 1}\n]', ":1: expected the recorded release in the"],
    [
      "a burst of an unknown release",
      '{\n "calico": "v3.28.44", "requestDelayMs": 1\n}',
      ':1: unknown release "v3.28.44"',
    ],
    ["calls missing", `${HEADER}{"op":{"op":"autoAssign"},"result":{}}\n`, ":2: calls: expected"],
  ])("%s gives one line with its place", async (name, content, expected) => {
    const file = join(folder, `${name.replaceAll(" ", "-")}.jsonl`);
    await writeFile(file, content);
    const lines = await faultsOf(conform(file));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`${file}${expected}`);
  });
});
