import { describe, expect, it } from "vitest";
import { METRICS, metricsOf } from "../../src/analysis/metric-catalogue.js";
import { simulateScenario } from "../../src/application/simulate-scenario.js";
import { loadText } from "../formats/scenario/load-text.js";

/** Twenty pods on two nodes that may use eight addresses. */
function scenario(thresholds: readonly string[]): string {
  const lines = thresholds.map((check) => `  - ${JSON.stringify(check)}`);
  return `
ipamlab: 1
release: v3.28.4
pools: [{ name: small, cidr: 10.0.0.0/29, blockSize: 30 }]
nodes: { count: 2 }
workload: [{ executor: burst, pods: 20 }]
thresholds:
${lines.join("\n")}
`;
}

async function outcomes(...thresholds: string[]): Promise<[boolean, number | string | null][]> {
  const result = await simulateScenario(await loadText(scenario(thresholds)), { version: "test" });
  return result.thresholds.map(({ passed, value }) => [passed, value]);
}

const FAILURE = "No IPs available in pools: [10.0.0.0/29]";

describe("thresholds", () => {
  it("compare counts, shares and texts with what the run came to", async () => {
    const checks = [
      "success_rate > 39.9%",
      "success_rate: >= 41%",
      "failed_allocations == 12",
      "failed_allocations != 12",
      `failure_text contains "${FAILURE}"`,
      `failure_text: not contains "${FAILURE}"`,
      "allocations <= 20",
    ];
    expect((await outcomes(...checks)).map(([passed]) => passed)).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
      true,
    ]);
  });

  it("tell the value that they saw", async () => {
    expect(await outcomes("success_rate > 50%", "failed_allocations < 5")).toEqual([
      [false, 0.4],
      [false, 12],
    ]);
  });
});

it("reads every metric that the catalogue names", async () => {
  const result = await simulateScenario(await loadText(scenario(["allocations == 20"])), {
    version: "test",
  });
  const metrics = new Map(metricsOf(result).map((metric) => [metric.name, metric]));
  const known = METRICS.filter(({ models }) => models.includes("allocator"));
  expect([...metrics.keys()]).toEqual(known.map(({ name }) => name));
  expect(metrics.get("allocations")?.value).toBe(20);
  expect(metrics.get("failure_text")?.texts?.[0]).toContain(FAILURE);
});
