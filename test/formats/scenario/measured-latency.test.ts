import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hashOf } from "../../../src/application/simulate-scenario.js";
import { latencyText } from "../../../src/formats/scenario/latency.js";
import { loadScenario } from "../../../src/formats/scenario/load-scenario.js";
import { readMeasuredLatency } from "../../../src/formats/scenario/measured-latency.js";
import { faultsOf } from "../faults-of.js";
import { KNOWN_RELEASES } from "../known-releases.js";

const CSV = "latencyMs,count\n0.5,0\n2,1200\n\n10.25,34\n";
const BARS = [
  { upToUs: 500, count: 0 },
  { upToUs: 2000, count: 1200 },
  { upToUs: 10_250, count: 34 },
];

const scenarioText = (datastore: string) => `ipamlab: 1
release: v3.28.4
pools: [{ name: a, cidr: 10.0.0.0/16 }]
nodes: { count: 2 }
simulation: { model: cluster, duration: 1m }
workload: [{ executor: burst, pods: 4 }]
datastore: ${datastore}
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ipamlab-latency-"));
  write("measured.csv", CSV);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function write(name: string, content: string | Buffer): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

const load = (file: string, set: readonly string[] = [], stdin?: string) =>
  loadScenario(file, {
    knownReleases: KNOWN_RELEASES,
    knownMetrics: [],
    set,
    ...(stdin === undefined ? {} : { stdin: Readable.from([Buffer.from(stdin)]) }),
  });

const HISTOGRAM = "{ distribution: histogram, file: measured.csv }";

describe("readMeasuredLatency", () => {
  it("reads bounds in milliseconds as whole microseconds, packed or not", async () => {
    expect(await readMeasuredLatency(join(folder, "measured.csv"))).toEqual(BARS);
    expect(await readMeasuredLatency(write("measured.csv.gz", gzipSync(CSV)))).toEqual(BARS);
  });

  it("finds its columns by name and passes over others", async () => {
    const file = write("columns.csv", "le,count,latencyMs\na,3,1\nb,4,2\n");
    expect(await readMeasuredLatency(file)).toEqual([
      { upToUs: 1000, count: 3 },
      { upToUs: 2000, count: 4 },
    ]);
  });

  it.each([
    ["latencyMs,cuont\n1,1", '1:11: the header has no column "count"; nearest is "cuont"'],
    ["latencyMs,n\n1,1", '1:1: the header has no column "count"; its columns are latencyMs, n'],
    ['"latencyMs",n\n1,1', '1: the header has no column "count"; its columns are latencyMs, n'],
    ["\n\nle,count,latencyMs\n\n1,0,2\n", "5:3: count: every count is 0; nothing was measured"],
  ])("tells where %j is at fault", async (text, fault) => {
    const file = write("faulty.csv", text);
    expect(await faultsOf(readMeasuredLatency(file))).toEqual([`${file}:${fault}`]);
  });

  it.each([
    [
      "1,1\n1.0001,1",
      '3:1: latencyMs: expected more than 1, the bar before it (bars ascend by whole microseconds), found "1.0001"',
    ],
    ["1,1.5", '2:3: count: expected a whole number, 0 or more, found "1.5"'],
    ["1e3,1", '2:1: latencyMs: expected milliseconds such as 2.5, at most 999999999, found "1e3"'],
    [",1", "2:1: latencyMs: expected milliseconds such as 2.5, at most 999999999, found nothing"],
    ["1,0\n\n2,0", "2:3: count: every count is 0; nothing was measured"],
    [
      Array.from({ length: 10 }, (_, i) => `${i},999999999999999`).join("\n"),
      "11:3: count: the counts add up to more than 2^53",
    ],
  ])("refuses %j", async (rows, fault) => {
    const file = write("broken.csv", `latencyMs,count\n${rows}\n`);
    expect(await faultsOf(readMeasuredLatency(file))).toEqual([`${file}:${fault}`]);
  });
});

describe("a histogram in a scenario", () => {
  it("is read for reads, writes and single requests, from the file that names it", async () => {
    const base = write(
      "base.yaml",
      scenarioText(
        `{ reads: ${HISTOGRAM}, requests: [{ request: GET pods, takes: ${HISTOGRAM} }] }`,
      ),
    );
    const file = write("mine.yaml", "extends: base.yaml\ndatastore: { clientQps: 7 }\n");
    for (const path of [base, file]) {
      const { datastore } = await load(path);
      const measured = { distribution: "histogram", file: "measured.csv", bars: BARS };
      expect(datastore).toMatchObject({
        reads: measured,
        writes: { distribution: "constant", value: 10_000 },
        requests: [{ request: "GET pods", takes: measured }],
      });
      expect(latencyText(datastore.reads)).toBe("as measured in measured.csv, 1234 samples");
    }
  });

  it("is taken from --set, whose path starts from the working directory", async () => {
    const file = write("set.yaml", scenarioText("{ reads: 5ms }"));
    const csv = join(folder, "measured.csv");
    const { datastore } = await load(file, [
      `datastore.writes={ distribution: histogram, file: ${csv} }`,
    ]);
    expect(datastore.writes).toMatchObject({ file: csv, bars: BARS });
    const missing = "datastore.reads.file=no-such.csv";
    const base = write("set-file.yaml", scenarioText(`{ reads: ${HISTOGRAM} }`));
    expect(await faultsOf(load(base, [missing]))).toEqual([
      `--set ${missing}: datastore.reads.file: cannot read no-such.csv: no such file`,
    ]);
  });

  it("may be standard input, once", async () => {
    const reads = "reads: { distribution: histogram, file: '-' }";
    const { datastore } = await load(write("stdin.yaml", scenarioText(`{ ${reads} }`)), [], CSV);
    expect(datastore.reads).toMatchObject({ file: "-", bars: BARS });
    const twice = scenarioText(`{ ${reads}, ${reads.replace("reads", "writes")} }`);
    const file = write("twice.yaml", twice);
    expect(await faultsOf(load(file, [], CSV))).toEqual([
      `${file}:7:102: datastore.writes.file: standard input is read already by datastore.reads.file`,
    ]);
  });

  it("is known by what was measured, not by where the file lies", async () => {
    write("copy.csv", CSV);
    write("other.csv", CSV.replace("34", "35"));
    const hashes = ["measured.csv", "copy.csv", "other.csv"].map(async (csv) => {
      const text = scenarioText(`{ reads: { distribution: histogram, file: ${csv} } }`);
      return hashOf(await load(write(`${csv}.yaml`, text)));
    });
    const [measured, copy, other] = await Promise.all(hashes);
    expect(copy).toBe(measured);
    expect(other).not.toBe(measured);
  });
});
