import { describe, expect, it } from "vitest";
import { PlanResultSchema } from "../../src/formats/result/plan-result.js";
import { runCommand } from "../cli/run-command.js";

const CLUSTER = "test/fixtures/golden-clusters/cluster-05/cluster.json.gz";

async function planOf(...options: string[]) {
  const given = ["--workers", "1", "--runs", "10", "--no-headroom", "--json", "-", ...options];
  const { stdout, stderr, exitCode } = await runCommand("plan", CLUSTER, ...given);
  expect(stderr).toBe("");
  expect(exitCode).toBe(0);
  return PlanResultSchema.parse(JSON.parse(stdout));
}

describe("a plan of a dump", () => {
  it("starts from the dump's blocks and pods", async () => {
    const { inputs, pools, protocol } = await planOf("--horizon", "1d");
    expect(inputs.initial).toEqual({ blocks: 4, pods: 10, leftOut: [] });
    expect(inputs.nodes).toBe(7);
    // Nothing goes before its time: the peak has at least what the dump has, in its own blocks.
    expect(pools[0]!.addressesPeak.p50).toBeGreaterThanOrEqual(10);
    expect(pools[0]!.blocksPeak.p50).toBeGreaterThanOrEqual(4);
    expect(protocol).toBeNull();
  });

  it("keeps as many pods as there are, at any pace", async () => {
    const slow = await planOf("--horizon", "10d", "--pod-lifetime", "100d");
    const fast = await planOf("--horizon", "10d", "--pod-lifetime", "6h");
    expect(fast.operations).toBeGreaterThan(20 * slow.operations);
    expect(slow.addressesPeak.mean).toBeGreaterThanOrEqual(10);
    expect(fast.addressesPeak.mean).toBeLessThan(3 * slow.addressesPeak.mean);
  });

  it("moves the pods to new blocks where the block size is another one", async () => {
    const { search } = await planOf("--horizon", "1d", "--risk", "5%", "--probe-runs", "10");
    const named = (name: string) => search!.choices.find((choice) => choice.name === name);
    expect(named("as it is")!.meets).toBe(true);
    // In blocks of 16 the same pods strand fewer addresses than in blocks of 32.
    expect(named("blockSize 28")!.strandedP95).toBeLessThan(named("as it is")!.strandedP95);
  });
});
