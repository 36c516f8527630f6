import { afterEach, describe, expect, it, vi } from "vitest";
import { commands } from "../../src/cli/commands.js";
import { runCommandLine } from "../../src/cli/frame.js";
import type { EngineOptions } from "../../src/exploration/engine.js";
import { BROKEN_DATASTORES } from "../exploration/broken-datastores.js";
import { FakeSurroundings } from "./fake-surroundings.js";

/** Something between the clients and the datastore, for the tests that need a defect. */
const defect = vi.hoisted((): { wrap?: EngineOptions["wrap"] } => ({}));

vi.mock("../../src/exploration/explore.js", async (importOriginal) => {
  const original = await importOriginal<typeof import("../../src/exploration/explore.js")>();
  const tryExplore: typeof original.tryExplore = (profile, seed) =>
    original.tryExplore(profile, seed, { wrap: defect.wrap });
  return { ...original, tryExplore };
});

afterEach(() => {
  delete defect.wrap;
});

async function run(...argv: string[]) {
  const surroundings = new FakeSurroundings();
  const code = await runCommandLine(["explore", ...argv], commands, surroundings, "0.0.0");
  return { code, out: surroundings.stdout.text, err: surroundings.stderr.text };
}

describe("ipamlab explore", () => {
  it("tells one seed call by call: cluster, operations, calls, invariants, leaks", async () => {
    const { code, out } = await run(
      "--seed",
      "sweep:assignip-own-block/create-handle-1/datastore/after",
    );
    expect(code).toBe(0);
    for (const part of [
      "pool pool: 10.0.0.0/28 in blocks /30",
      "assignIp host=node-0 address=10.0.0.1 handle=pod-c [create handle #1 answers datastore",
      "  0  create handle pod-c: applied-then-fault:datastore",
      "checks, none broken",
      "  handle-without-address: handle pod-c counts 2 in 10.0.0.0/30, the block holds 1",
    ]) {
      expect(out).toContain(part);
    }
  });

  it("writes the same run as JSON", async () => {
    const { code, out } = await run("--json", "--seed", "3", "--release", "v3.32.1");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ release: "v3.32.1", seed: "3", leaks: [] });
    expect((await run("--json", "--seed", "3", "--release", "v3.32.1")).out).toBe(out);
  });

  it("fails when an invariant breaks, and names seed, step and the command to replay", async () => {
    defect.wrap = BROKEN_DATASTORES.find(([name]) => name === "updates get lost")![1];
    const { code, out } = await run("--seed", "sweep:autoassign-two-blocks");
    expect(code).toBe(1);
    expect(out).toMatch(/^invariant broken: .*seed sweep:autoassign-two-blocks, step \d+/m);
    expect(out).toContain(
      "replay: ipamlab explore --release v3.28.4 --seed sweep:autoassign-two-blocks",
    );
  });

  it.each([
    [["--release", "v3.28.44"], /--release: unknown release "v3.28.44" .did you mean/],
    [["--seed", "sweep:nope"], /--seed: there is no systematic case "sweep:nope"/],
    [["--markdown"], /--markdown: needs --cases/],
    [["--all-releases"], /--all-releases: needs --cases/],
    [["--cases", "-1"], /--cases: expected a whole number, 0 or more/],
    [["--cases", "1", "--json", "--markdown"], /--markdown: cannot be joined with --json/],
  ])("refuses %j", async (argv, message) => {
    const { code, out, err } = await run(...argv);
    expect(code).toBe(2);
    expect(out).toBe("");
    expect(err).toMatch(message);
    expect(err.trim().split("\n")).toHaveLength(1);
  });
});
