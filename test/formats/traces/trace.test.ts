import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { Trace, type TraceOptions } from "../../../src/formats/traces/trace.js";
import { faultsOf } from "../faults-of.js";
import { BrokenFixtures } from "../broken-fixtures.js";
import { inShort, readAll, traceOf } from "./read-text.js";

const OPENB = "name,creation_time,deletion_time,scheduled_time\na,0,100,1\nb,50,90,61\n";
const GOOGLE = "600000000,,11,1,u,0,n,l\n";

describe("Trace", () => {
  it.each([
    [1, "+a@1 +b@61 -b@90 -a@100"],
    [60, "+a@0.016666 +b@1.016666 -b@1.5 -a@1.666666"],
    [0.5, "+a@2 +b@122 -b@180 -a@200"],
    [1e9, "+a@0 +b@0 -b@0 -a@0"],
  ])("divides times by %d and rounds down", async (compress, expected) => {
    expect(inShort(await readAll(traceOf(OPENB, { compress })))).toBe(expected);
  });

  it.each([0, -1, NaN])("refuses to divide by %d", (compress) => {
    expect(() => new Trace("x", { compress })).toThrow(RangeError);
  });

  it("hands out batches of at least 1,024 events, the last one as it comes", async () => {
    const rows = Array.from({ length: 30_000 }, (_, i) => `pod-${i},${i},${i + 5},${i}\n`);
    const trace = traceOf(`${OPENB.split("\n")[0]!}\n${rows.join("")}`);
    const sizes: number[] = [];
    for await (const batch of trace.events()) sizes.push(batch.length);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(60_000);
    expect(sizes.slice(0, -1).every((size) => size >= 1024)).toBe(true);
  });

  it.each<[string, string | Buffer, string, string]>([
    ["openb by its header", OPENB, "openb", "+a@1 +b@61 -b@90 -a@100"],
    ["google2011 by its columns", GOOGLE, "google2011", "+11@600"],
    ["gzip by its first bytes", gzipSync(GOOGLE), "google2011", "+11@600"],
  ])("tells %s", async (_, content, format, expected) => {
    const trace = traceOf(content);
    expect(inShort(await readAll(trace))).toBe(expected);
    expect(trace.statistics.format).toBe(format);
  });

  it.each<[string, string, TraceOptions, string]>([
    [
      "google2011 asked for",
      OPENB,
      { format: "google2011" },
      "-:1: expected 8 columns (as job_events has), found 4",
    ],
    [
      "openb asked for",
      GOOGLE,
      { format: "openb" },
      '-:1:1: the header has no column "name"; its columns are 600000000, , 11, 1, u, 0, n, l',
    ],
  ])("refuses another format: %s", async (_, content, options, expected) => {
    expect(await faultsOf(readAll(traceOf(content, options)))).toEqual([expected]);
  });

  it("refuses times that grow beyond what a double counts", async () => {
    const late = OPENB.replace("0,100,1", "0,999999999999,1");
    expect(await faultsOf(readAll(traceOf(late)))).toEqual([
      '-:2:5: deletion_time: expected a whole number of seconds, at most 9007199254, found "999999999999"',
    ]);
    const stretched = traceOf(OPENB.replace("0,100,1", "0,9007199254,1"), { compress: 0.001 });
    expect(await faultsOf(readAll(stretched))).toEqual([
      "-: with compress 0.001 the times grow beyond what can be counted",
    ]);
  });

  it("closes its file when the reader stops early", async () => {
    const trace = new Trace("scenarios/traces/openb_pod_list_default.csv");
    for await (const batch of trace.events()) {
      expect(batch.length).toBeGreaterThan(0);
      break;
    }
    expect(trace.statistics.rows).toBeLessThan(8152);
  });
});

describe("broken traces", () => {
  const fixtures = new BrokenFixtures("traces");
  const files = [...fixtures.files(".csv"), ...fixtures.files(".csv.gz")].filter(
    (file) => file !== "good.csv",
  );

  it("covers many kinds of fault", () => {
    expect(files.length).toBeGreaterThan(30);
  });

  it.each(files)("%s", async (file) => {
    await fixtures.check(file, (path) => readAll(new Trace(path)));
  });

  it("names the missing file", async () => {
    const near = new Trace("scenarios/traces/openb_pod_list_defaults.csv");
    expect(await faultsOf(readAll(near))).toEqual([
      'scenarios/traces/openb_pod_list_defaults.csv: no such file (did you mean "openb_pod_list_default.csv"?)',
    ]);
    expect(await faultsOf(readAll(new Trace("scenarios/traces")))).toEqual([
      "scenarios/traces: is a directory; expected a file",
    ]);
  });
});
