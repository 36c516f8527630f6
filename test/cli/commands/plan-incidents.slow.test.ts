import { describe, expect, it } from "vitest";
import { PlanResultSchema } from "../../../src/formats/result/plan-result.js";
import { runCommand } from "../run-command.js";

describe("a plan made before an incident", () => {
  it.each([
    ["nodes-outgrow-blocks", "--tunnels", "pool /19 instead of /20"],
    ["more-nodes-than-blocks", "--borrowing-fails", "pool /20 instead of /21"],
    ["single-address-blocks", "--no-tunnels", "blockSize 26"],
  ])("of %s is of high risk and names what cured it", async (name, option, cure) => {
    const { stdout } = await runCommand(
      "plan",
      `scenarios/planning/${name}.yaml`,
      ...["--runs", "10", "--probe-runs", "10", "--risk", "5%", "--no-headroom"],
      ...["--workers", "1", "--json", "-", option],
    );
    const { risk, search } = PlanResultSchema.parse(JSON.parse(stdout));
    expect(risk.probability).toBeGreaterThan(0.5);
    expect(search!.choices[search!.recommended!]!.name).toBe(cure);
  });
});
