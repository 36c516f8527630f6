import { describe, expect, it } from "vitest";
import { loadScenario } from "../../src/formats/scenario/load-scenario.js";
import { readJsonLines } from "../../src/formats/golden/json-lines.js";
import { isJsonObject, type JsonObject } from "../../src/formats/golden/trace-line.js";
import { Trace } from "../../src/formats/traces/trace.js";
import { formatAddress } from "../../src/model/address.js";
import { findProfile, knownReleases } from "../../src/releases/profiles.js";
import { ChurnRun, handleOf } from "../../src/simulation/churn-run.js";
import { RandomStreams } from "../../src/simulation/random-streams.js";
import { createPlacement } from "../../src/workload/placement.js";

const GOLDEN = "test/fixtures/golden/replays/openb-default.v3.28.4.jsonl.gz";

async function recordedEvents(): Promise<JsonObject[]> {
  const rows: JsonObject[] = [];
  for await (const { value } of readJsonLines(GOLDEN)) if (isJsonObject(value)) rows.push(value);
  return rows;
}

describe("the quickstart", () => {
  it("agrees with the recording of the same trace: every node, address, call count and the end", async () => {
    const scenario = await loadScenario("scenarios/quickstart.yaml", {
      knownReleases: knownReleases(),
    });
    const [header, ...rows] = await recordedEvents();
    expect(header).toMatchObject({ pools: [{ cidr: scenario.pools[0]!.cidr.text }] });
    const random = new RandomStreams(scenario.seed);
    const run = new ChurnRun(
      {
        release: findProfile(scenario.release)!.behaviours,
        pools: scenario.pools,
        config: scenario.ipamConfig,
        reservations: scenario.reservations,
        nodes: scenario.nodes,
      },
      random,
    );
    const executor = scenario.workload[0]!;
    const placement = createPlacement(executor.placement, scenario.nodes.length, () => 0);
    const seen: JsonObject[] = [];
    for await (const batch of new Trace(executor.file).events()) {
      for (const { timeUs, kind, pod } of batch) {
        const time = timeUs / 1e6;
        if (kind === "add") {
          const node = placement.place();
          run.add(pod, node, timeUs);
          const ip = formatAddress(run.addressesOf(pod)[0]!);
          const name = scenario.nodes[node]!.name;
          seen.push({ time, do: "add", pod, node: name, calls: run.counting.calls, ip });
        } else {
          const node = run.remove(pod, timeUs)!;
          const name = scenario.nodes[node]!.name;
          seen.push({ time, do: "del", pod, node: name, calls: run.counting.calls });
        }
      }
    }
    const last = rows.pop()!;
    expect(seen).toEqual(rows);
    const affinities = Object.fromEntries(
      run.datastore
        .listAffinities()
        .map(({ value }) => [`${value.host} ${value.cidr.text}`, value.state]),
    );
    const blocks = Object.fromEntries(
      run.datastore
        .listBlocks()
        .map(({ value }) => [value.cidr.text, { unallocated: [...value.unallocated] }]),
    );
    expect(last["snapshot"]).toMatchObject({ affinities, blocks, handles: {} });
    expect(run.datastore.handleCount).toBe(0);
    expect(handleOf("a")).toBe("k8s-pod-network.a");
  });
});
