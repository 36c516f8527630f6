import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const MAIN = resolve("dist/cli/main.js");

const SCENARIO = `
ipamlab: 1
name: workers
release: v3.28.4
pools: [{ name: default, cidr: 10.0.0.0/27, blockSize: 29 }]
nodes:
  list: [{ name: a, labels: { zone: a } }, { name: b, labels: { zone: b } }, { name: c }]
workload:
  - executor: poisson
    name: web
    rate: 22
    timeUnit: 1h
    duration: 1d
    lifetime: { distribution: exponential, mean: 1h }
simulation: { duration: 1d }
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ipamlab-plan-"));
  writeFileSync(join(folder, "scenario.yaml"), SCENARIO);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function plan(...options: readonly string[]): string {
  const document = join(folder, "plan.json");
  const given = ["plan", join(folder, "scenario.yaml"), "--json", document, ...options];
  execFileSync(process.execPath, [MAIN, ...given]);
  return readFileSync(document, "utf8");
}

describe("a plan by several threads", () => {
  it.each([
    [
      "risk, headroom, search and sensitivity",
      ["--risk", "5%", "--sensitivity", "--horizon", "6h"],
    ],
    ["rare events", ["--no-headroom", "--rare", "--horizon", "3h"]],
    ["uncertain inputs", ["--no-headroom", "--horizon", "6h", "--range", "pods=0.5..1.5"]],
    [
      "the cluster model",
      ["--no-headroom", "--horizon", "3h", "--set", "simulation.model=cluster"],
    ],
  ])("gives the same bytes with 1, 2 and 3 workers: %s", (_, options) => {
    const given = ["--runs", "40", "--probe-runs", "30", ...options];
    const one = plan(...given, "--workers", "1");
    expect(JSON.parse(one)).toMatchObject({ runs: { endedBy: null } });
    expect(plan(...given, "--workers", "2")).toBe(one);
    expect(plan(...given, "--workers", "3")).toBe(one);
  });

  it("has the first runs, and an interval, when its time is used up", () => {
    const given = ["--no-headroom", "--workers", "2"];
    const document = plan(...given, "--runs", "10000000", "--time-budget", "2s");
    const { runs, risk } = JSON.parse(document) as {
      runs: { done: number; endedBy: string };
      risk: { interval: { low: number; high: number } };
    };
    expect(runs.endedBy).toBe("time budget");
    expect(runs.done).toBeGreaterThan(0);
    expect(risk.interval.low).toBeLessThan(risk.interval.high);
    const whole = plan(...given, "--runs", String(runs.done));
    expect(JSON.parse(whole)).toMatchObject({ risk, runs: { endedBy: null } });
  });
});
