import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { METRICS } from "../../../src/analysis/metric-catalogue.js";
import { loadScenario } from "../../../src/formats/scenario/load-scenario.js";
import { faultsOf } from "../faults-of.js";
import { KNOWN_RELEASES } from "../known-releases.js";

const BASE = `ipamlab: 1
name: the base
description: Of the base.
release: v3.28.4
pools:
  - { name: front, cidr: 10.0.0.0/16 }
  - { name: back.end, cidr: 10.1.0.0/16, blockSize: 28 }
nodes: { count: 2, labels: { topology.kubernetes.io/zone: z1 } }
workload:
  - { executor: burst, pods: 5 }
  - { executor: poisson, name: web, rate: 2, duration: 1m }
thresholds:
  - success_rate == 100%
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "layers-"));
  write("base.yaml", BASE);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(name: string, text: string): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

function load(name: string, set: readonly string[] = []) {
  return loadScenario(join(folder, name), {
    set,
    knownReleases: KNOWN_RELEASES,
    knownMetrics: METRICS,
  });
}

/** Fault lines without the folder. */
async function faults(name: string, set: readonly string[] = []): Promise<string[]> {
  const lines = await faultsOf(load(name, set));
  return lines.map((line) => line.replaceAll(`${folder}/`, ""));
}

describe("extends", () => {
  it("merges mappings, replaces lists, and keeps only its own name and description", async () => {
    write(
      "mine.yaml",
      "extends: base.yaml\nrelease: v3.32.1\nnodes: { count: 7 }\nthresholds: []\n",
    );
    const scenario = await load("mine.yaml");
    expect(scenario).toMatchObject({ name: "mine", description: "", release: "v3.32.1" });
    expect(scenario.nodes).toHaveLength(7);
    expect(scenario.nodes[6]!.labels).toEqual({ "topology.kubernetes.io/zone": "z1" });
    expect(scenario.pools).toHaveLength(2);
    expect(scenario.thresholds).toEqual([]);
  });

  it("changes, removes and adds items of a list by name and number", async () => {
    const text = `extends: base.yaml
pools: { back.end: { blockSize: 30 }, front: null }
workload:
  web: { rate: 9 }
  "0": { pods: 6 }
  +: [{ executor: burst, name: more, pods: 1 }]
`;
    write("mine.yaml", text);
    const { pools, workload } = await load("mine.yaml");
    expect(pools.map(({ name, blockSize }) => [name, blockSize])).toEqual([["back.end", 30]]);
    expect(workload.map(({ name }) => name)).toEqual(["burst", "web", "more"]);
    expect(workload).toMatchObject([{ pods: 6 }, { rate: 9, duration: 60e6 }, { pods: 1 }]);
  });

  it("takes a distribution for its own when it is another one, and changes it when it is not", async () => {
    const lognormal = "rate: 2, lifetime: { distribution: lognormal, median: 5m, sigma: 0.5 }";
    write("base.yaml", BASE.replace("rate: 2", lognormal));
    const lifetimeWith = async (lifetime: string) => {
      write("mine.yaml", `extends: base.yaml\nworkload: { web: { lifetime: { ${lifetime} } } }\n`);
      return (await load("mine.yaml")).workload[1];
    };
    expect(await lifetimeWith("distribution: exponential, mean: 1s")).toMatchObject({
      lifetime: { distribution: "exponential", mean: 1e6 },
    });
    expect(await lifetimeWith("distribution: lognormal, sigma: 1")).toMatchObject({
      lifetime: { distribution: "lognormal", median: 300e6, sigma: 1 },
    });
    expect(await lifetimeWith("median: 1s")).toMatchObject({
      lifetime: { median: 1e6, sigma: 0.5 },
    });
  });

  it("takes paths from the folder of the file that names them", async () => {
    const trace = "name,creation_time,deletion_time,scheduled_time\na,0,1,0\n";
    write("lib/churn.csv", trace);
    write(
      "lib/base.yaml",
      BASE.replace("executor: burst, pods: 5", "executor: trace, file: churn.csv"),
    );
    write("mine.yaml", "extends: lib/base.yaml\n");
    const { workload } = await load("mine.yaml");
    expect(workload[0]).toMatchObject({ file: join(folder, "lib", "churn.csv") });
    expect(await faults("mine.yaml", ["workload.trace.file=nowhere.csv"])).toEqual([
      "--set workload.trace.file=nowhere.csv: workload[0].file: cannot read nowhere.csv: no such file",
    ]);
  });

  it("shows a fault where it was written", async () => {
    write("base.yaml", BASE.replace("blockSize: 28", "blockSize: 40"));
    write("mine.yaml", "extends: base.yaml\npools:\n  front: { cidr: 10.1.0.0/24 }\n");
    expect(await faults("mine.yaml")).toEqual([
      "base.yaml:7:53: pools[1].blockSize: expected 20 to 32 for an IPv4 pool, 116 to 128 for an IPv6 pool, found 40",
    ]);
    write("base.yaml", BASE);
    expect(await faults("mine.yaml")).toEqual([
      'base.yaml:7:29: pools[1].cidr: 10.1.0.0/16 overlaps 10.1.0.0/24 of pool "front" (line 3)',
    ]);
  });

  it("refuses a base that is not there, a circle, and items that do not exist", async () => {
    write("none.yaml", "extends: bases.yaml\n");
    expect(await faults("none.yaml")).toEqual([
      'none.yaml:1:10: extends: cannot read "bases.yaml": no such file (did you mean "base.yaml"?)',
    ]);
    write("a.yaml", "extends: b.yaml\n");
    write("b.yaml", "extends: a.yaml\n");
    expect(await faults("a.yaml")).toEqual([
      'b.yaml:1:10: extends: leads back to "a.yaml", which extends this file',
    ]);
    write("mine.yaml", "extends: base.yaml\nworkload: { wep: { rate: 1 } }\npools: { 5: null }\n");
    expect(await faults("mine.yaml")).toEqual([
      'mine.yaml:2:13: workload.wep: the list has no item "wep" (did you mean "web"?)',
      'mine.yaml:3:10: pools["5"]: the list has no item "5"; its items are 0 to 1, by name front, back.end',
    ]);
  });

  it("refuses a chain of more than ten files", async () => {
    for (let i = 0; i < 11; i++) write(`${i}.yaml`, `extends: ${i + 1}.yaml\n`);
    write("11.yaml", BASE);
    expect(await faults("0.yaml")).toEqual([
      "9.yaml:1:10: extends: a chain of more than 10 files; extend one nearer to the end",
    ]);
  });
});

describe("--set", () => {
  it.each<[string, object]>([
    ["nodes.count=3", { nodes: { length: 3 } }],
    ["release=v3.32.1", { release: "v3.32.1" }],
    ["seed=09", { seed: "9" }],
    ["description=-", { description: "-" }],
    ["pools.back.end.blockSize=29", { pools: [{ blockSize: 26 }, { blockSize: 29 }] }],
    ["pools[1].blockSize=29", { pools: [{ blockSize: 26 }, { blockSize: 29 }] }],
    ['pools."back.end".blockSize=29', { pools: [{}, { blockSize: 29 }] }],
    [
      "nodes.labels.topology.kubernetes.io/zone=z2",
      { nodes: [{ labels: { "topology.kubernetes.io/zone": "z2" } }, {}] },
    ],
    ["workload.web.rate=0.5", { workload: [{}, { rate: 0.5 }] }],
    ["workload.1=null", { workload: [{ name: "burst" }] }],
    [
      "thresholds.+=leaked_addresses == 0",
      { thresholds: [{}, { check: "leaked_addresses == 0" }] },
    ],
    ["thresholds.0=success_rate > 99%", { thresholds: [{ check: "success_rate > 99%" }] }],
    ["thresholds=null", { thresholds: [] }],
    ["reservations.+={ name: r, cidrs: [10.0.0.1] }", { reservations: [{ name: "r" }] }],
    ["ipamConfig.strictAffinity=true", { ipamConfig: { strictAffinity: true } }],
  ])("%s", async (set, expected) => {
    expect(await load("base.yaml", [set])).toMatchObject(expected);
  });

  it("applies one after the other", async () => {
    const { nodes } = await load("base.yaml", ["nodes.count=3", "nodes.count=4"]);
    expect(nodes).toHaveLength(4);
  });

  it.each([
    [
      "nodes.count",
      "--set nodes.count: expected path=value, such as nodes.count=50 or pools.default.blockSize=28",
    ],
    ["=5", "--set =5: expected path=value, such as nodes.count=50 or pools.default.blockSize=28"],
    [
      "nodes..count=5",
      "--set nodes..count=5: expected path=value, such as nodes.count=50 or pools.default.blockSize=28",
    ],
    ["nodes.cont=5", '--set nodes.cont=5: nodes.cont: unknown key (did you mean "count"?)'],
    [
      "nodes.count=five",
      '--set nodes.count=five: nodes.count: expected a whole number from 1 to 100000, found "five"',
    ],
    [
      "pools.frnt.blockSize=28",
      '--set pools.frnt.blockSize=28: pools: the list has no item "frnt" (did you mean "front"?)',
    ],
    [
      "workload.7.rate=1",
      '--set workload.7.rate=1: workload: the list has no item "7"; its items are 0 to 1, by name burst, web',
    ],
    ["nodes=[", "--set nodes=[: not valid YAML: flow sequence must end with a ]"],
  ])("refuses %s", async (set, message) => {
    expect(await faults("base.yaml", [set])).toEqual([message]);
  });

  it("shows the faults of all options and of the file at once", async () => {
    write("base.yaml", BASE.replace("count: 2", "count: 0"));
    expect(await faults("base.yaml", ["pools.x=1", "release=v9"])).toHaveLength(3);
  });
});
