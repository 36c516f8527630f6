import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand } from "./run-command.js";

/** Nine of ten requests take 4 to 5 ms, the tenth 99 to 100 ms. */
const CSV = "latencyMs,count\n4,0\n5,900\n99,0\n100,100\n";

const SCENARIO = `
ipamlab: 1
release: v3.28.4
pools: [{ name: pool, cidr: 10.0.0.0/16 }]
nodes: { count: 4 }
simulation: { model: cluster, duration: 1m }
datastore:
  reads: { distribution: histogram, file: measured.csv }
  writes: { distribution: histogram, file: measured.csv }
  perListedObject: 0us
workload: [{ executor: burst, pods: 40 }]
`;

let folder: string;
let scenario: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ipamlab-measured-"));
  scenario = join(folder, "measured.yaml");
  await writeFile(join(folder, "measured.csv"), CSV);
  await writeFile(scenario, SCENARIO);
});
afterAll(() => rm(folder, { recursive: true }));

describe("a datastore as slow as it was measured", () => {
  it("is simulated, named in the report, and the same on every run", async () => {
    const { exitCode, stdout } = await runCommand("simulate", scenario);
    expect(exitCode).toBe(0);
    expect(stdout.replace(/\s+/g, " ")).toContain(
      "reads as measured in measured.csv, 1000 samples, writes as measured in measured.csv",
    );
    const json = await runCommand("simulate", scenario, "--json", "-");
    expect(await runCommand("simulate", scenario, "--json", "-")).toEqual(json);
  });

  it("draws every request from the bars of the file", async () => {
    const { stdout } = await runCommand("explain", scenario, "--slowest", "40", "--json", "-");
    const { pods } = JSON.parse(stdout) as {
      pods: { commands: { steps: { kind: string; durationUs: number }[] }[] }[];
    };
    const times = pods
      .flatMap(({ commands }) => commands.flatMap(({ steps }) => steps))
      .filter(({ kind }) => kind === "request")
      .map((step) => step.durationUs);
    expect(times.length).toBeGreaterThan(400);
    const slow = times.filter((us) => us >= 99_000 && us <= 100_000).length;
    const fast = times.filter((us) => us >= 4000 && us <= 5000).length;
    expect(fast + slow).toBe(times.length);
    expect(slow / times.length).toBeCloseTo(0.1, 1);
  });

  it("goes through a comparison of releases", async () => {
    const compared = await runCommand("compare", scenario, "--a", "v3.28.4", "--b", "v3.32.1");
    expect(compared.stderr).toBe("");
    expect(compared.exitCode).toBe(0);
  });
});
