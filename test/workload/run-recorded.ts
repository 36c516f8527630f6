import { runKernel } from "../../src/application/run-kernel.js";
import type { Scenario } from "../../src/formats/scenario/scenario.js";
import { Trace } from "../../src/formats/traces/trace.js";
import { Kernel } from "../../src/simulation/kernel.js";
import { RandomStreams } from "../../src/simulation/random-streams.js";
import { createExecutors } from "../../src/workload/create-executor.js";
import type { GroupCounts } from "../../src/workload/group-counts.js";
import { WorkloadHost } from "../../src/workload/workload-host.js";
import { RecordingNetwork } from "./recording-network.js";

export interface RecordedRun {
  readonly network: RecordingNetwork;
  /** By executor name. */
  readonly counts: Readonly<Record<string, GroupCounts>>;
}

/** Runs a scenario's workload on a network that serves everything at once and writes it down. */
export async function runRecorded(scenario: Scenario): Promise<RecordedRun> {
  const kernel = new Kernel();
  let network: RecordingNetwork | undefined;
  const host = new WorkloadHost({
    kernel,
    maxPods: scenario.maxPods,
    createNetwork: (events) => (network = new RecordingNetwork(kernel, events)),
  });
  const random = new RandomStreams(scenario.seed);
  const executors = createExecutors(scenario.workload, {
    kernel,
    host,
    random,
    openTrace: ({ file, format, compress }) => new Trace(file, { format, compress }).events(),
  });
  for (const { name, labels } of scenario.nodes) host.joinNode(name, labels);
  network!.lines.length = 0;
  await runKernel(kernel, {
    executors,
    untilUs: scenario.simulation.duration ?? Infinity,
    onTurn: () => Promise.resolve(true),
  });
  const counts = Object.fromEntries(host.groups.map((group) => [group.name, group.counts]));
  return { network: network!, counts };
}
