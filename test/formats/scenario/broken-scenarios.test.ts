import { describe, expect, it } from "vitest";
import { METRICS } from "../../../src/analysis/metric-catalogue.js";
import { loadScenario } from "../../../src/formats/scenario/load-scenario.js";
import { BrokenFixtures } from "../broken-fixtures.js";
import { faultsOf } from "../faults-of.js";
import { KNOWN_RELEASES } from "../known-releases.js";
import { loadText } from "./load-text.js";

const fixtures = new BrokenFixtures("scenarios");
const files = fixtures.files(".yaml");
const load = (path: string) =>
  loadScenario(path, { knownReleases: KNOWN_RELEASES, knownMetrics: METRICS });

describe("broken scenarios", () => {
  it("covers many kinds of fault", () => {
    expect(files.length).toBeGreaterThan(110);
  });

  it.each(files)("%s", async (file) => {
    await fixtures.check(file, load);
  });

  it.each([
    ["missing", "quikstart.yaml", 'no such file (did you mean "quickstart.yaml"?)'],
    ["a folder", "traces", "is a directory; expected a file"],
    ["below a file", "quickstart.yaml/x.yaml", "no such file"],
    ["no file name", "a\0b", "is not a possible file name"],
  ])("refuses a path that is %s", async (_, name, message) => {
    const path = `scenarios/${name}`;
    expect(await faultsOf(load(path))).toEqual([`${path}: ${message}`]);
  });

  it("shows at most a hundred faults and tells how many more there are", async () => {
    const keys = Array.from({ length: 130 }, (_, i) => `surplus${i}: 1\n`).join("");
    const faults = await faultsOf(loadText(`ipamlab: 1\n${keys}`));
    expect(faults).toHaveLength(101);
    expect(faults.at(-1)).toBe("-: 34 more faults are not shown");
  });

  it("keeps each fault on its line whatever the file holds", async () => {
    const text = 'ipamlab: 1\n"a\\nb\\e[31m": 1\nrelease: "x\\ny"\n';
    const faults = await faultsOf(loadText(text));
    expect(faults).toContain(
      '-:3:10: release: unknown release "x\\ny"; known are ' + KNOWN_RELEASES.join(", "),
    );
    expect(faults.join("\n")).not.toContain("\u001b");
    expect(faults).toHaveLength(5);
  });
});
