import { describe, expect, it } from "vitest";
import { runCommand } from "../run-command.js";

const TRACE = "test/fixtures/golden/v3.28.4/14-release-ips.jsonl.gz";

describe("ipamlab conform", () => {
  it("says identical, with what was compared, and exits with 0", async () => {
    const { exitCode, stdout } = await runCommand("conform", TRACE);
    expect(stdout).toContain("identical  v3.28.4  14-release-ips         150  1,029          1");
    expect(stdout).toContain("identical: all 1 recordings (150 operations, 1,029 datastore calls");
    expect(stdout).toContain("v3.28.4 rests on Calico's code");
    expect(exitCode).toBe(0);
  });

  it("shows the first difference side by side and exits with 1", async () => {
    const { exitCode, stdout } = await runCommand("conform", TRACE, "--release", "v3.32.1");
    expect(stdout).toContain("DIFFERS");
    expect(stdout).toMatch(/14-release-ips\.jsonl\.gz:\d+: operation \d+: calls differ/);
    expect(stdout).toMatch(/0 list pools ok 1 +≠ +0 get block/);
    expect(stdout).toContain("1 of 1 recordings differ");
    expect(exitCode).toBe(1);
  });

  it("gives the same as JSON", async () => {
    const { stdout } = await runCommand("conform", TRACE, "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      identical: true,
      recordings: [{ file: TRACE, kind: "operations", operations: 150, difference: null }],
    });
  });

  it("says which profile models a write-up", async () => {
    const { stdout } = await runCommand("conform", TRACE, "--release", "pre-3.28.4");
    expect(stdout).toContain("pre-3.28.4 rests on a write-up about v3.28.4, not Calico's code");
  });

  it.each([
    [["conform", "nowhere.jsonl"], "ipamlab: nowhere.jsonl: no such file\n"],
    [
      ["conform", "test/cli"],
      "ipamlab: test/cli: holds no recordings (*.jsonl, *.json, plain or .gz)\n",
    ],
    [
      ["conform", TRACE, "--release", "3.28.44"],
      'ipamlab: --release: unknown release "3.28.44" (did you mean "v3.28.4"?); ' +
        "known are v3.27.0 to v3.32.1, pre-3.28.4 and post-3.28.4\n",
    ],
  ])("%j is refused in one line", async (argv, expected) => {
    const { exitCode, stdout, stderr } = await runCommand(...argv);
    expect(stderr).toBe(expected);
    expect(stdout).toBe("");
    expect(exitCode).toBe(2);
  });
});
