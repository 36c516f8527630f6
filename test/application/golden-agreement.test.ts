import { describe, expect, it } from "vitest";
import { readScenario } from "../../src/application/read-scenario.js";
import { runKernel } from "../../src/application/run-kernel.js";
import { readJsonLines } from "../../src/formats/golden/json-lines.js";
import { isJsonObject, type JsonObject } from "../../src/formats/golden/trace-line.js";
import type { ExecutorOf } from "../../src/formats/scenario/scenario.js";
import { Trace } from "../../src/formats/traces/trace.js";
import { formatAddress } from "../../src/model/address.js";
import { findProfile } from "../../src/releases/profiles.js";
import { ChurnRun, handleOf } from "../../src/simulation/churn-run.js";
import { Kernel } from "../../src/simulation/kernel.js";
import { RandomStreams } from "../../src/simulation/random-streams.js";
import { createExecutors } from "../../src/workload/create-executor.js";
import { TraceReplay } from "../../src/workload/executors/trace.js";
import { InstantNetwork } from "../../src/workload/instant-network.js";
import type { PodRef } from "../../src/workload/pod-network.js";
import { WorkloadHost } from "../../src/workload/workload-host.js";

const GOLDEN = "test/fixtures/golden/replays/openb-default.v3.28.4.jsonl.gz";

async function recordedEvents(): Promise<JsonObject[]> {
  const rows: JsonObject[] = [];
  for await (const { value } of readJsonLines(GOLDEN)) if (isJsonObject(value)) rows.push(value);
  return rows;
}

/** Writes down what the recording writes down of each addition and removal. */
class SpyingNetwork extends InstantNetwork {
  readonly seen: JsonObject[] = [];

  constructor(
    private readonly churn: ChurnRun,
    private readonly clock: Kernel,
    events: ConstructorParameters<typeof InstantNetwork>[2],
  ) {
    super(churn, clock, events);
  }

  override addPod(pod: PodRef): void {
    super.addPod(pod);
    const ip = formatAddress(this.churn.addressesOf(pod.name)[0]!);
    this.#note("add", pod, { ip });
  }

  override removePod(pod: PodRef): void {
    super.removePod(pod);
    this.#note("del", pod, {});
  }

  #note(verb: "add" | "del", { name: pod, node }: PodRef, more: JsonObject): void {
    const { calls } = this.churn.counting;
    const time = this.clock.nowUs / 1e6;
    this.seen.push({ time, do: verb, pod, node: node.name, calls, ...more });
  }
}

describe("the quickstart", () => {
  it("agrees with the recording of the same trace: every node, address, call count and the end", async () => {
    const scenario = await readScenario("scenarios/quickstart.yaml");
    const [header, ...rows] = await recordedEvents();
    expect(header).toMatchObject({ pools: [{ cidr: scenario.pools[0]!.cidr.text }] });
    const random = new RandomStreams(scenario.seed);
    const run = new ChurnRun(
      {
        release: findProfile(scenario.release)!.behaviours,
        pools: scenario.pools,
        config: scenario.ipamConfig,
        reservations: scenario.reservations,
      },
      random,
    );
    const kernel = new Kernel();
    let network: SpyingNetwork | undefined;
    const host = new WorkloadHost({
      kernel,
      maxPods: scenario.maxPods,
      createNetwork: (events) => (network = new SpyingNetwork(run, kernel, events)),
    });
    const executor = scenario.workload[0] as ExecutorOf<"trace">;
    const [replay] = createExecutors([executor], {
      kernel,
      host,
      random,
      openTrace: ({ file }) => new Trace(file).events(),
    });
    if (!(replay instanceof TraceReplay)) throw new TypeError("expected a trace");
    for (const { name, labels } of scenario.nodes) host.joinNode(name, labels);
    const onTurn = () => Promise.resolve(true);
    await runKernel(kernel, { executors: [replay], untilUs: Infinity, onTurn });
    const last = rows.pop()!;
    expect(network!.seen).toEqual(rows);
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
