/**
 * How fast is the cluster model? Two clusters with kubelets, plugin, host locks, client limits and API
 * server, requests answered as by the Kubernetes datastore:
 *
 * - `nodes-1000`: 100 pods a second started and 100 stopped on 1,000 nodes for one simulated hour.
 * - `nodes-5000`: 150,000 pods alive on 5,000 nodes, 20 a second started and 20 stopped for ten minutes.
 *
 * An operation is one request at the API server with all that the model does for it: the protocol's
 * decision before it, limiter, queue and service, its effect on the stored objects, the watches. An ADD
 * makes about 17. Checks of the whole state, counting of leaks and the garbage collector are part of the
 * time. Filling the cluster is told apart. Processor time counts this process's threads and is steadier than
 * wall time on a machine that has other work.
 *
 *     npm run bench:simulation [-- nodes-1000] [-- --release v3.32.1] [-- --window 600] [-- --json]
 *
 * `--window`: simulated seconds that are timed, at most those above.
 */
import { readScenario } from "../src/application/read-scenario.js";
import { simulateScenario } from "../src/application/simulate-scenario.js";
import { numberAfter } from "./number-option.js";

interface ClusterWorkload {
  readonly name: string;
  /** When the cluster is full and the timing begins, seconds of the simulation. */
  readonly fullAtSeconds: number;
  readonly endSeconds: number;
}

const WORKLOADS: readonly ClusterWorkload[] = [
  { name: "nodes-1000", fullAtSeconds: 300, endSeconds: 3900 },
  { name: "nodes-5000", fullAtSeconds: 1200, endSeconds: 1800 },
];

interface Meter {
  readonly wallMs: number;
  readonly cpuUs: number;
  readonly commands: number;
  readonly requests: number;
  readonly events: number;
}

function difference(to: Meter, from: Meter): Meter {
  return {
    wallMs: to.wallMs - from.wallMs,
    cpuUs: to.cpuUs - from.cpuUs,
    commands: to.commands - from.commands,
    requests: to.requests - from.requests,
    events: to.events - from.events,
  };
}

async function measure(workload: ClusterWorkload, release: string, windowSeconds: number) {
  const read = await readScenario(`bench/scenarios/${workload.name}.yaml`);
  const endSeconds = Math.min(workload.endSeconds, workload.fullAtSeconds + windowSeconds);
  const simulation = { ...read.simulation, duration: endSeconds * 1e6 };
  const scenario = { ...read, release, simulation };
  const marks: Meter[] = [];
  let peakRss = 0;
  const result = await simulateScenario(scenario, {
    version: "bench",
    onProgress: ({ timeUs, operations, requests, events }) => {
      peakRss = Math.max(peakRss, process.memoryUsage.rss());
      const isDue = marks.length === 0 || timeUs >= workload.fullAtSeconds * 1e6;
      const mark = {
        wallMs: performance.now(),
        cpuUs: process.cpuUsage().user,
        commands: operations,
        requests,
        events,
      };
      if (marks.length < 2 && isDue) marks.push(mark);
      else if (marks.length >= 2) marks[2] = mark;
      return Promise.resolve();
    },
  });
  const [start, full, end] = marks as [Meter, Meter, Meter];
  const fill = difference(full, start);
  const run = difference(end, full);
  const perSecond = (count: number, seconds: number) => Math.round(count / seconds);
  const wallSeconds = run.wallMs / 1000;
  const cpuSeconds = run.cpuUs / 1e6;
  return {
    workload: workload.name,
    release,
    simulatedSeconds: endSeconds - workload.fullAtSeconds,
    fillSeconds: fill.wallMs / 1000,
    wallSeconds,
    cpuSeconds,
    requests: run.requests,
    requestsPerWallSecond: perSecond(run.requests, wallSeconds),
    requestsPerCpuSecond: perSecond(run.requests, cpuSeconds),
    commandsPerWallSecond: perSecond(run.commands, wallSeconds),
    eventsPerWallSecond: perSecond(run.events, wallSeconds),
    peakMiB: Math.round(peakRss / 2 ** 20),
    addressesAtEnd: result.addresses.final,
    failedAdds: result.cluster?.adds.failed,
  };
}

const argv = process.argv.slice(2);
const releaseAt = argv.indexOf("--release");
const release = releaseAt < 0 ? "v3.28.4" : argv[releaseAt + 1]!;
const windowSeconds = numberAfter("--window", Infinity);
for (const workload of WORKLOADS) {
  const wanted = argv.filter((word) => word.startsWith("nodes-"));
  if (wanted.length > 0 && !wanted.includes(workload.name)) continue;
  const row = await measure(workload, release, windowSeconds);
  if (argv.includes("--json")) {
    console.log(JSON.stringify(row));
    continue;
  }
  console.log(
    `${row.workload} ${release}: ${row.simulatedSeconds} s simulated in ${row.wallSeconds.toFixed(1)} s ` +
      `(${row.cpuSeconds.toFixed(1)} s of processor time; filled in ${row.fillSeconds.toFixed(1)} s); ` +
      `${row.requestsPerWallSecond} datastore operations/s, ${row.commandsPerWallSecond} ADDs and DELs/s, ` +
      `${row.eventsPerWallSecond} events/s of wall time; ${row.requestsPerCpuSecond} datastore ` +
      `operations/s of processor time; peak ${row.peakMiB} MiB; ${row.addressesAtEnd} addresses ` +
      `at the end, ${row.failedAdds ?? 0} ADDs failed`,
  );
}
