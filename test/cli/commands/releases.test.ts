import { describe, expect, it } from "vitest";
import { runCommand } from "../run-command.js";

describe("ipamlab releases", () => {
  it("groups releases that behave alike", async () => {
    const { exitCode, stdout } = await runCommand("releases");
    expect(stdout).toContain("v3.28.0 v3.28.1 v3.28.2 v3.28.3 v3.28.4 v3.28.5\n");
    expect(stdout).toContain("pre-3.28.4   (models a write-up, not Calico's code)\n");
    expect(stdout).toContain("reclaimEmptyBlocks: never → when older than 60 s");
    expect(stdout).toContain("Not modelled:");
    expect(exitCode).toBe(0);
  });

  it.each([
    ["v3.28.3", "v3.28.4"],
    ["v3.28.4", "3.28.3"],
  ])("says plainly that %s and %s do not differ, and how that is known", async (a, b) => {
    const { exitCode, stdout } = await runCommand("releases", a, b);
    expect(stdout).toContain("No IPAM behaviour differs between v3.28.3 and v3.28.4.");
    expect(stdout).toContain("identical output, call by call, on every recording");
    expect(exitCode).toBe(0);
  });

  it("prints only what differs between two, with its meaning and source", async () => {
    const { stdout } = await runCommand("releases", "v3.28.3", "v3.32.1");
    expect(stdout).toContain("reclaimEmptyBlocks (allocation)");
    expect(stdout).toContain("  before   never\n  after    when older than 60 s\n");
    expect(stdout).toContain("ipam_block_reader_writer.go@v3.32.0 (#11149)");
    expect(stdout).not.toContain("coarseAllocationLock");
  });

  it("names the lock as the only difference of the two models", async () => {
    const { stdout } = await runCommand("releases", "pre-3.28.4", "post-3.28.4", "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      differences: [{ name: "coarseAllocationLock", before: "yes", after: "no" }],
    });
  });

  it("refuses an unknown release with the nearest name", async () => {
    const { exitCode, stderr } = await runCommand("releases", "v3.33.0");
    expect(stderr).toContain('unknown release "v3.33.0" (did you mean "v3.30.0"?)');
    expect(exitCode).toBe(2);
  });
});
