import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadScenario } from "../../../src/formats/scenario/load-scenario.js";
import {
  publishedScenarioSchema,
  type ScenarioInput,
  scenarioJsonSchema,
} from "../../../src/formats/scenario/scenario-schema.js";
import type { ExecutorOf } from "../../../src/formats/scenario/scenario.js";
import { faultsOf } from "../faults-of.js";
import { KNOWN_RELEASES } from "../known-releases.js";
import { loadText } from "./load-text.js";

const options = { knownReleases: KNOWN_RELEASES, knownMetrics: [] };
const SCHEMA = "scenarios/scenario.schema.json";
const TRACE = "scenarios/traces/openb_pod_list_default.csv";

/** The least that a scenario must say. */
const LEAST = `ipamlab: 1
release: v3.28.4
pools: [{ name: a, cidr: 10.0.0.0/16 }]
nodes: { count: 2 }
workload: [{ executor: trace, file: ${TRACE} }]
`;

describe("loadScenario", () => {
  it("reads the shipped quickstart", async () => {
    const scenario = await loadScenario("scenarios/quickstart.yaml", options);
    expect(scenario).toMatchObject({
      file: "scenarios/quickstart.yaml",
      name: "quickstart",
      release: "v3.28.4",
      seed: "1",
      workload: [{ executor: "trace", file: TRACE, format: "openb", placement: "round-robin" }],
    });
    expect(scenario.pools.map((pool) => [pool.name, pool.cidr.text, pool.blockSize])).toEqual([
      ["default-ipv4-ippool", "10.244.0.0/16", 26],
    ]);
    expect(scenario.nodes).toHaveLength(1523);
    expect(scenario.nodes[1522]).toEqual({ name: "openb-node-1522", labels: {} });
  });

  it("fills in every default", async () => {
    const { pools, datastore, node, gc, ...scenario } = await loadText(LEAST);
    expect(datastore).toMatchObject({ mode: "kubernetes", clientQps: 5, clientBurst: 100 });
    expect(node).toMatchObject({ windows: false, processStart: 50_000, lockOrder: "arrival" });
    expect(gc).toMatchObject({ enabled: true, gracePeriod: 900_000_000, outages: [] });
    expect(scenario).toEqual({
      file: "-",
      name: "scenario",
      description: "",
      release: "v3.28.4",
      seed: "1",
      ipamConfig: { strictAffinity: false, autoAllocateBlocks: true, maxBlocksPerHost: 0 },
      reservations: [],
      nodes: [
        { name: "node-0000", labels: {} },
        { name: "node-0001", labels: {} },
      ],
      workload: [
        {
          executor: "trace",
          name: "trace",
          startAfter: 0,
          namespace: "default",
          file: TRACE,
          format: "auto",
          placement: "round-robin",
          nodeSelector: "all()",
          compress: 1,
          whenFull: "drop",
          newNames: [],
          namePrefix: "trace-",
        },
      ],
      maxPods: 110,
      simulation: { model: "allocator", duration: undefined },
      changes: [],
      thresholds: [],
    });
    expect(pools).toHaveLength(1);
    expect(pools[0]).toMatchObject({
      name: "a",
      blockSize: 26,
      nodeSelector: "all()",
      disabled: false,
      allowedUses: ["Workload", "Tunnel"],
    });
    expect(pools[0]!.cidr.text).toBe("10.0.0.0/16");
  });

  it("reads a scenario that a program wrote, as JSON", async () => {
    const input: ScenarioInput = {
      ipamlab: 1,
      name: "made",
      release: "post-3.28.4",
      pools: [{ name: "a", cidr: "10.0.0.0/16" }],
      nodes: { count: 1, prefix: "worker-", labels: { zone: "z1" } },
      workload: [{ executor: "trace", file: TRACE, placement: "least-pods" }],
    };
    const scenario = await loadText(JSON.stringify(input, undefined, 2));
    expect(scenario).toMatchObject({ name: "made", release: "post-3.28.4" });
    expect(scenario.nodes).toEqual([{ name: "worker-0000", labels: { zone: "z1" } }]);
    expect(scenario.workload[0]).toMatchObject({ placement: "least-pods" });
  });

  it("takes Calico's defaults for an IPv6 pool and for empty fields", async () => {
    const pool = '{ name: a, cidr: "FD00:0::/48", nodeSelector: "", allowedUses: [] }';
    const { pools } = await loadText(LEAST.replace(/\{ name: a.*?\}/, pool));
    expect(pools[0]!.cidr.text).toBe("fd00::/48");
    expect(pools[0]).toMatchObject({
      blockSize: 122,
      nodeSelector: "all()",
      allowedUses: ["Workload", "Tunnel"],
    });
  });

  it.each([
    ["7", "7"],
    ["'7'", "7"],
    ["-3", "-3"],
    ["spring sale", "spring sale"],
    ["9007199254740991", "9007199254740991"],
  ])("reads seed %s", async (written, seed) => {
    expect((await loadText(`${LEAST}seed: ${written}\n`)).seed).toBe(seed);
  });

  it("reads listed nodes with labels, and anchors", async () => {
    const nodes = `nodes:
  list:
    - { name: a, labels: &rack { example.com/rack: r1, empty: "" } }
    - { name: b, labels: *rack }
    - { name: c.example.com }
`;
    const scenario = await loadText(LEAST.replace(/nodes:.*\n/, nodes));
    const rack = { "example.com/rack": "r1", empty: "" };
    expect(scenario.nodes).toEqual([
      { name: "a", labels: rack },
      { name: "b", labels: rack },
      { name: "c.example.com", labels: {} },
    ]);
  });

  it("keeps reservations and configuration", async () => {
    const text = `${LEAST}ipamConfig: { strictAffinity: true, maxBlocksPerHost: 3 }
reservations: [{ name: edge, cidrs: [10.0.0.1, 10.0.1.0/24, "fd00::/64"] }]
`;
    const scenario = await loadText(text);
    expect(scenario.ipamConfig).toEqual({
      strictAffinity: true,
      autoAllocateBlocks: true,
      maxBlocksPerHost: 3,
    });
    expect(scenario.reservations).toEqual([
      { name: "edge", cidrs: ["10.0.0.1", "10.0.1.0/24", "fd00::/64"] },
    ]);
  });

  it("accepts what Calico accepts: small disabled pools, touching pools, Windows line ends", async () => {
    const pools = `pools:
  - { name: a, cidr: 10.0.0.0/24 }
  - { name: b, cidr: 10.0.1.0/24 }
  - { name: c, cidr: 10.0.2.0/28, disabled: true }
  - { name: d, cidr: 10.0.3.0/26, blockSize: 26 }
`;
    const text = LEAST.replace(/pools:.*\n/, pools).replaceAll("\n", "\r\n");
    expect((await loadText(`\ufeff${text}`)).pools).toHaveLength(4);
  });
});

describe("paths and names", () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "ipamlab-"));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  it("starts relative paths from the scenario's folder and takes its name", async () => {
    write("trace.csv", "");
    const file = write("my-story.yml", LEAST.replace(TRACE, "./trace.csv"));
    const scenario = await loadScenario(file, options);
    expect(scenario.name).toBe("my-story");
    expect((scenario.workload[0] as ExecutorOf<"trace">).file).toBe(join(folder, "trace.csv"));
    const absolute = write("b.yaml", LEAST.replace(TRACE, join(folder, "trace.csv")));
    expect(((await loadScenario(absolute, options)).workload[0] as ExecutorOf<"trace">).file).toBe(
      join(folder, "trace.csv"),
    );
  });

  it("reads the node list from standard input", async () => {
    const nodes = "nodes: { csv: { file: '-', nameColumn: sn } }\n";
    write("trace.csv", "");
    const text = LEAST.replace(/nodes:.*\n/, nodes).replace(TRACE, "trace.csv");
    const file = write("nodes-from-stdin.yaml", text);
    const stdin = Readable.from([Buffer.from("sn\nb\na\n")]);
    const scenario = await loadScenario(file, { ...options, stdin });
    expect(scenario.nodes.map(({ name }) => name)).toEqual(["b", "a"]);
  });

  it("refuses to read standard input twice", async () => {
    const text = LEAST.replace(TRACE, "'-'").replace(
      /nodes:.*\n/,
      "nodes: { csv: { file: '-' } }\n",
    );
    expect(await faultsOf(loadText(text))).toEqual([
      "-:4:23: nodes.csv.file: standard input is read already by the scenario",
      "-:5:37: workload[0].file: standard input is read already by the scenario",
    ]);
    const file = write("stdin-twice.yaml", text);
    const stdin = Readable.from([Buffer.from("name\na\n")]);
    expect(await faultsOf(loadScenario(file, { ...options, stdin }))).toEqual([
      `${file}:5:37: workload[0].file: standard input is read already by nodes.csv.file`,
    ]);
  });

  it.skipIf(process.getuid?.() === 0)("tells a lack of permission", async () => {
    const file = write("secret.yaml", LEAST);
    chmodSync(file, 0);
    expect(await faultsOf(loadScenario(file, options))).toEqual([
      `${file}: no permission to read this file`,
    ]);
  });

  it("refuses a scenario of more than four million characters", async () => {
    const file = write("long.yaml", `${LEAST}# ${"x".repeat(60_000)}\n`.repeat(80));
    expect(await faultsOf(loadScenario(file, options))).toEqual([
      `${file}: has more than 4194304 characters`,
    ]);
  });
});

describe("the published JSON Schema", () => {
  it("is what the code yields (UPDATE_GOLDEN=1 writes it anew)", () => {
    const text = `${JSON.stringify(publishedScenarioSchema(), undefined, 2)}\n`;
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(SCHEMA, text);
    expect(readFileSync(SCHEMA, "utf8")).toBe(text);
  });

  it("names every field of a scenario and describes it", () => {
    const undescribed: string[] = [];
    const walk = (schema: Record<string, unknown>, path: string) => {
      for (const [key, value] of Object.entries(schema["properties"] ?? {})) {
        const field = value as Record<string, unknown>;
        if (field["description"] === undefined) undescribed.push(`${path}${key}`);
        walk(field, `${path}${key}.`);
        const items = field["items"] as Record<string, unknown> | undefined;
        if (items !== undefined) walk(items, `${path}${key}[].`);
      }
      for (const arm of (schema["oneOf"] ?? []) as Record<string, unknown>[]) walk(arm, path);
    };
    walk(scenarioJsonSchema(), "");
    expect(undescribed).toEqual([]);
  });
});
