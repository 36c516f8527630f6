import { createHash } from "node:crypto";
import { churnResult } from "../analysis/churn-result.js";
import { evaluateThresholds } from "../analysis/evaluate-thresholds.js";
import { CallFingerprint } from "../datastore/call-fingerprint.js";
import { type CallRecord, CallRecords } from "../datastore/call-record.js";
import { BadInput, InvariantViolation } from "../failure/failure.js";
import type { Liveness } from "../formats/result/liveness.js";
import type { SimulationResult } from "../formats/result/simulation-result.js";
import { mapLatencies } from "../formats/scenario/datastore-latencies.js";
import type { Latency } from "../formats/scenario/latency.js";
import type { ExecutorOf, Scenario } from "../formats/scenario/scenario.js";
import type { TextSourceOptions } from "../formats/text-source.js";
import { Trace } from "../formats/traces/trace.js";
import { findProfile, type ReleaseProfile, unknownReleaseText } from "../releases/profiles.js";
import type { ChurnWorld } from "../simulation/churn-run.js";
import { Kernel } from "../simulation/kernel.js";
import { RandomStreams } from "../simulation/random-streams.js";
import { createExecutors } from "../workload/create-executor.js";
import type { ExecutorRun } from "../workload/executor-run.js";
import { type GroupCounts, noCounts } from "../workload/group-counts.js";
import type { PodGroup } from "../workload/pod-group.js";
import type { PodNetwork, PodNetworkEvents, PodRef } from "../workload/pod-network.js";
import type { Conductor } from "../rollout/conducted-cluster.js";
import { WorkloadHost } from "../workload/workload-host.js";
import { AbortingThresholds } from "./aborting-thresholds.js";
import { createAllocatorModel } from "./allocator-model.js";
import { createClusterModel } from "./cluster-model.js";
import { conducted, watchingFor } from "./conducted-run.js";
import type { FinalState } from "./export-cluster.js";
import { InitialCluster } from "./initial-cluster.js";
import type { ModelRun } from "./model-run.js";
import { observed, type PodObserver } from "./observed-events.js";
import { comeToRest } from "./liveness.js";
import { runKernel } from "./run-kernel.js";
import { ScheduledChanges } from "./scheduled-changes.js";
import type { StepReplay } from "./step-replay.js";

export interface SimulateOptions extends TextSourceOptions {
  /** Version of ipamlab, for the result document. */
  readonly version: string;
  /** Runs with this profile instead of the scenario's release. */
  readonly profile?: ReleaseProfile | undefined;
  /** Whether to hash every call, for comparing runs call by call; costs a few percent. */
  readonly fingerprint?: boolean | undefined;
  /** Performs the run up to one of its steps only, checked closely, and keeps what happened last. */
  readonly replay?: StepReplay | undefined;
  /** Sees the pods of a cluster model come, become ready and fail; for explanations. */
  readonly observer?: PodObserver | undefined;
  /** Acts on the cluster while it runs, and says when the run ends. */
  readonly conductor?: Conductor | undefined;
  /** Stops the run after the current batch; the result then says `completed: false`. */
  readonly signal?: AbortSignal | undefined;
  /** Called when the run is over, with the state of the cluster. */
  readonly onEnd?: ((state: FinalState) => void) | undefined;
  /** Called after every batch of about a thousand events; may wait. */
  readonly onProgress?: ((progress: SimulateProgress) => Promise<void>) | undefined;
}

export interface SimulateProgress {
  readonly operations: number;
  /** Requests at the API server; 0 where they take no time. */
  readonly requests: number;
  /** Wakes of the simulation's clock. */
  readonly events: number;
  readonly timeUs: number;
  readonly addressesInUse: number;
  readonly failed: number;
}

function profileOf(scenario: Scenario): ReleaseProfile {
  const profile = findProfile(scenario.release);
  if (profile === undefined) {
    const message = unknownReleaseText(scenario.release);
    throw new BadInput({ file: scenario.file, field: "release", message });
  }
  return profile;
}

/** A measured latency is told by what was measured, wherever its file lies. */
function withoutFile(latency: Latency): object {
  return latency.distribution === "histogram" ? { ...latency, file: undefined } : latency;
}

/** Identity of what is simulated: the scenario as it was understood, wherever its file lies. */
export function hashOf(scenario: Scenario): string {
  const {
    file: _file,
    name: _name,
    description: _description,
    release: _release,
    seed: _seed,
    workload,
    pools,
    initialState,
    changes,
    ...rest
  } = scenario;
  const understood = {
    ...rest,
    datastore: mapLatencies(rest.datastore, withoutFile),
    changes: changes.length > 0 ? changes : undefined,
    initialState: initialState && {
      dumps: initialState.dump.length,
      seed: initialState.seed,
      pods: initialState.pods,
    },
    pools: pools.map((pool) => ({ ...pool, cidr: pool.cidr.text })),
    workload: workload.map((executor) => {
      if (executor.executor !== "trace") return executor;
      const { file: _path, ...replay } = executor;
      return replay;
    }),
  };
  return createHash("sha256").update(JSON.stringify(understood)).digest("hex");
}

/** What was simulated, as the result tells it. */
function identityOf(
  scenario: Scenario,
  profile: ReleaseProfile,
  random: RandomStreams,
): Pick<SimulationResult, "scenario" | "release" | "simulation"> {
  const { name, description, seed, simulation } = scenario;
  return {
    scenario: { name, description, seed, seedMatters: random.isDrawn, sha256: hashOf(scenario) },
    release: { name: profile.name, basis: profile.basis, provenance: profile.provenance },
    simulation: { model: simulation.model, durationUs: simulation.duration ?? null },
  };
}

function summary(fingerprint: CallFingerprint | undefined): SimulationResult["fingerprint"] {
  if (fingerprint === undefined) return null;
  const { calls, addresses } = fingerprint;
  return { calls, addresses, hash: fingerprint.digest() };
}

/** A trace executor's file, read as it runs. */
interface OpenTrace {
  readonly name: string;
  readonly trace: Trace;
}

function openTrace(
  { name, file, format, compress }: ExecutorOf<"trace">,
  traces: OpenTrace[],
  options: TextSourceOptions,
) {
  const trace = new Trace(file, { ...options, format, compress });
  traces.push({ name, trace });
  return trace.events();
}

function sumCounts(groups: readonly PodGroup[]): GroupCounts {
  const sum = noCounts();
  for (const { counts } of groups) {
    for (const key of Object.keys(sum) as (keyof GroupCounts)[]) sum[key] += counts[key];
  }
  return sum;
}

function describeWorkload(
  scenario: Scenario,
  executors: readonly ExecutorRun[],
  traces: readonly OpenTrace[],
): SimulationResult["workload"] {
  return scenario.workload.map((described, i) => {
    const { executor, name } = described;
    const placement = "placement" in described ? described.placement : undefined;
    const pods = { ...(executors[i]?.group?.counts ?? noCounts()) };
    const statistics = traces.find((open) => open.name === name)?.trace.statistics;
    if (statistics === undefined) return { executor, name, placement, pods };
    const { format, rows, adds, deletes, skipped } = statistics;
    const trace = { format: format ?? "auto", rows, adds, deletes, skippedRows: { ...skipped } };
    return { executor, name, placement, pods, trace };
  });
}

function finalStateOf(
  { datastore, figures }: ModelRun,
  initial: InitialCluster | undefined,
  release: string,
): FinalState {
  return {
    datastore,
    podAddresses: figures.podAddresses(),
    startingPods: figures.startingPods?.() ?? [],
    initial: initial?.dump ?? { nodes: [], pods: [] },
    release,
  };
}

/** The error, with what replays it when the model contradicts itself. */
function placed(
  error: unknown,
  { nowUs, woken }: Kernel,
  { file, release, seed }: Scenario,
): unknown {
  if (!(error instanceof InvariantViolation)) return error;
  const place = `step ${woken}, after ${nowUs / 1e6} s, release ${release}, seed ${seed}`;
  const again = `ipamlab simulate ${file} --release ${release} --seed ${seed} --replay-step ${woken}`;
  return new InvariantViolation(error.invariant, `${error.detail} (${place})\nreplay: ${again}`);
}

/** Whoever takes note of the calls; undefined without one. */
function recordOf(fingerprint: CallFingerprint | undefined, replay: StepReplay | undefined) {
  const records = [fingerprint, replay].filter((record) => record !== undefined);
  return records.length > 1 ? new CallRecords(records) : records[0];
}

function worldOf(scenario: Scenario, { behaviours }: ReleaseProfile): ChurnWorld {
  const { pools, ipamConfig: config, reservations } = scenario;
  return { release: behaviours, pools, config, reservations };
}

function createModel(
  scenario: Scenario,
  world: ChurnWorld,
  clock: { readonly kernel: Kernel; readonly random: RandomStreams },
  record: CallRecord | undefined,
  observer: PodObserver | undefined,
): ModelRun {
  const witnessOf = (pod: PodRef) => observer?.podStarted(pod, clock.kernel.nowUs) ?? null;
  return scenario.simulation.model === "cluster"
    ? createClusterModel(scenario, world.release, clock, record, witnessOf)
    : createAllocatorModel(world, clock, record);
}

function progressOf(model: ModelRun, { woken, nowUs }: Kernel): SimulateProgress {
  const { operations, addressesInUse, measures } = model.figures;
  return {
    operations,
    requests: model.requests,
    events: woken,
    timeUs: nowUs,
    addressesInUse,
    failed: measures.assignFailed,
  };
}

/** The model's network, written down where the run is replayed. */
function networkOf(
  model: ModelRun,
  events: PodNetworkEvents,
  replay: StepReplay | undefined,
): PodNetwork {
  if (replay === undefined) return model.createNetwork(events);
  return replay.asked(model.createNetwork(replay.answered(events)));
}

function createChanges(
  { pools }: Scenario,
  model: ModelRun,
  kernel: Kernel,
  host: WorkloadHost,
): ScheduledChanges {
  return new ScheduledChanges(pools, {
    kernel,
    host,
    datastore: model.datastore,
    setRelease: (node, release) => model.setRelease(node, release),
    setDatastore: model.setDatastore,
    setCollecting: model.setCollecting,
  });
}

/**
 * Runs a scenario: each pod that comes asks Calico's allocator for its addresses, each that goes
 * gives them back. Same scenario and seed give the same result, byte for byte.
 *
 * @throws BadInput for a trace that cannot be read; InvariantViolation, with what replays it, when
 *   the model contradicts itself.
 */
export async function simulateScenario(
  scenario: Scenario,
  options: SimulateOptions,
): Promise<SimulationResult> {
  const profile = options.profile ?? profileOf(scenario);
  const { replay, conductor } = options;
  const observer = conductor === undefined ? options.observer : watchingFor(conductor);
  const random = new RandomStreams(scenario.seed);
  const world = worldOf(scenario, profile);
  const fingerprint = options.fingerprint === true ? new CallFingerprint() : undefined;
  const kernel = new Kernel();
  replay?.begin(kernel);
  const record = recordOf(fingerprint, replay);
  const model = createModel(scenario, world, { kernel, random }, record, observer);
  const createNetwork = (events: PodNetworkEvents) =>
    networkOf(model, observed(events, observer, kernel), replay);
  const host = new WorkloadHost({ kernel, maxPods: scenario.maxPods, createNetwork });
  const run = model.figures;
  const traces: OpenTrace[] = [];
  const executors = createExecutors(scenario.workload, {
    kernel,
    host,
    random,
    openTrace: (replayed) => openTrace(replayed, traces, options),
  });
  const changes = createChanges(scenario, model, kernel, host);
  let initial: InitialCluster | undefined;
  let liveness: Liveness | null = null;
  const resultNow = (completed: boolean): SimulationResult => {
    const result = churnResult(run, changes.worldNow(world), {
      version: options.version,
      ...identityOf(scenario, profile, random),
      completed,
      ...(initial === undefined ? {} : { initialState: initial.summary() }),
      workload: describeWorkload(scenario, executors, traces),
      pods: sumCounts(host.groups),
      timeUs: { first: host.firstUs ?? 0, last: host.lastUs },
      fingerprint: summary(fingerprint),
      provenance: model.provenance,
      cluster: model.section(liveness),
    });
    return { ...result, thresholds: evaluateThresholds(scenario.thresholds, result) };
  };
  const watch = new AbortingThresholds(scenario.thresholds);
  let completed: boolean;
  try {
    initial = await InitialCluster.load(scenario, model.datastore, options);
    const nodes = scenario.nodes.map(({ name, labels }) => host.joinNode(name, labels));
    changes.schedule(scenario.changes);
    conductor?.begin(conducted(model, kernel, host, resultNow));
    initial?.begin({ state: run, host, nodes, random });
    const onTurn = async () => {
      if (replay?.isChecked === true) model.check();
      if (replay?.isDone === true) return false;
      await options.onProgress?.(progressOf(model, kernel));
      if (options.signal?.aborted === true || conductor?.isOver === true) return false;
      return !watch.fails(kernel.nowUs, resultNow);
    };
    const { duration: untilUs = Infinity, liveness: asked } = scenario.simulation;
    const turns = { wakesOfTurn: replay && (() => replay.stepsOfTurn), onTurn };
    completed = await runKernel(kernel, { executors, untilUs, ...turns });
    if (completed && asked !== undefined && model.rest !== undefined) {
      host.close();
      liveness = await comeToRest(kernel, asked.within, model.rest, turns);
      completed = liveness.verdict !== "interrupted";
    }
    model.check();
  } catch (error) {
    throw placed(error, kernel, scenario);
  }
  observer?.runEnded?.(run.leaksByHandle?.() ?? new Map());
  options.onEnd?.(finalStateOf(model, initial, profile.name));
  model.countNow();
  return watch.mark(resultNow(completed));
}
