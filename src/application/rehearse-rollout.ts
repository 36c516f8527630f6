import { metricsOf } from "../analysis/metric-catalogue.js";
import { WAVE_METRICS } from "../analysis/wave-metrics.js";
import { BadInput } from "../failure/failure.js";
import { ROLLOUT_VERSION, type RolloutResult } from "../formats/result/rollout-result.js";
import type { SimulationResult } from "../formats/result/simulation-result.js";
import type { Scenario } from "../formats/scenario/scenario.js";
import { thresholdFault } from "../formats/scenario/threshold.js";
import { STANDARD_INPUT } from "../formats/text-source.js";
import { compareProfiles } from "../releases/comparison.js";
import type { ReleaseProfile } from "../releases/profiles.js";
import { Bystander } from "../rollout/bystander.js";
import type { Conductor } from "../rollout/conducted-cluster.js";
import { RolloutConductor, type RolloutPlan } from "../rollout/rollout-conductor.js";
import { planWaves } from "../rollout/wave-plan.js";
import { hasCollector } from "./cluster-model.js";
import { hashOf, type SimulateProgress, simulateScenario } from "./simulate-scenario.js";

export interface RehearseOptions
  extends Omit<RolloutPlan, "startAfterUs" | "soakUs" | "thresholds"> {
  /** As absent: the wave before the rollout begins after one soak, in which the cluster fills. */
  readonly startAfterUs: number | undefined;
  /** As absent: so long that the scenario's workload lasts for all waves; 10 minutes if unknown. */
  readonly soakUs: number | undefined;
  /** As absent: {@link DEFAULT_THRESHOLDS}, as far as the scenario's model measures them. */
  readonly thresholds: readonly string[] | undefined;
  /** The sizes and the edge selector as they were written. */
  readonly written: { readonly waves: string; readonly edge: string };
  /** Version of ipamlab, for the document. */
  readonly version: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: SimulateProgress) => Promise<void>) | undefined;
}

/**
 * What a rollout holds to when nothing else is said. 5 s is Kubernetes' own objective for the start of
 * a pod (kubernetes/community sig-scalability/slos/pod_startup_latency.md), pulling images aside.
 */
export const DEFAULT_THRESHOLDS: readonly string[] = [
  "success_rate >= 99%",
  "pod_network_ready: p(99) <= 5s",
];

const DEFAULT_SOAK_US = 600e6;

/** What is told of the state before, after and without the rollout. */
const STATE_METRICS = [
  "leaked_addresses",
  "leaked_handles",
  "pods_without_network",
  "addresses_in_use",
  "blocks_claimed",
  "empty_blocks",
  "stranded_addresses",
  "nodes_without_block",
];

/** When the workload ends; undefined when that is not written down. */
function endOf({ simulation, workload }: Scenario): number | undefined {
  if (simulation.duration !== undefined) return simulation.duration;
  const ends = workload.map((executor) =>
    "duration" in executor ? executor.startAfter + executor.duration : NaN,
  );
  const end = Math.max(...ends);
  return Number.isFinite(end) ? end : undefined;
}

/** Whether there is a kube-controllers to upgrade. */
function hasControllers(scenario: Scenario): boolean {
  return scenario.simulation.model === "cluster" && hasCollector(scenario);
}

function checkInput(scenario: Scenario, options: RehearseOptions): void {
  const { file, changes, simulation } = scenario;
  for (const [i, { change }] of changes.entries()) {
    if (change !== "release") continue;
    const message = "the rollout decides which release a node has, so the scenario must not";
    throw new BadInput({ file, field: `changes[${i}]`, message });
  }
  for (const executor of scenario.workload) {
    if (executor.executor !== "trace" || executor.file !== STANDARD_INPUT) continue;
    const message = "the trace is read twice, so standard input cannot be used; give a file";
    throw new BadInput({ file, field: "workload", message });
  }
  for (const check of options.thresholds ?? []) {
    const message = thresholdFault(check, WAVE_METRICS, simulation.model);
    if (message !== undefined) throw new BadInput({ file: "--threshold", message });
  }
}

function planOf(scenario: Scenario, options: RehearseOptions): RolloutPlan {
  const { simulation, nodes } = scenario;
  const measures = (check: string) =>
    thresholdFault(check, WAVE_METRICS, simulation.model) === undefined;
  const waves = planWaves(nodes, { ...options, hasControllers: hasControllers(scenario) }).length;
  const end = endOf(scenario);
  // Before, the waves, and what follows a rollback; as well as the filling of the cluster.
  const stretches = waves + 2 + (options.startAfterUs === undefined ? 1 : 0);
  const shared =
    end === undefined ? 0 : Math.floor((end - (options.startAfterUs ?? 0)) / stretches);
  const soakUs = options.soakUs ?? (shared > 0 ? shared : DEFAULT_SOAK_US);
  return {
    ...options,
    soakUs,
    startAfterUs: options.startAfterUs ?? soakUs,
    thresholds: options.thresholds ?? DEFAULT_THRESHOLDS.filter(measures),
  };
}

const side = ({ name, basis, provenance }: ReleaseProfile) => ({
  release: name,
  basis,
  provenance,
});

function stateRows(
  before: SimulationResult | undefined,
  after: SimulationResult | undefined,
  without: SimulationResult | undefined,
): RolloutResult["left"] {
  if (before === undefined || after === undefined) return [];
  const valueOf = (result: SimulationResult | undefined, name: string) =>
    result && metricsOf(result).find((metric) => metric.name === name);
  return STATE_METRICS.flatMap((name) => {
    const [a, b] = [valueOf(before, name), valueOf(after, name)];
    const values = [a?.value ?? null, b?.value ?? null];
    if (b === undefined || values[0] === null || values[1] === null) return [];
    const withoutRollout = valueOf(without, name)?.value ?? null;
    return [{ metric: name, unit: b.unit, before: values[0]!, after: values[1]!, withoutRollout }];
  });
}

function notesOn(scenario: Scenario, plan: RolloutPlan, waves: RolloutResult["waves"]): string[] {
  const { from, to } = plan;
  const notes: string[] = [];
  const end = endOf(scenario);
  if (end !== undefined && waves.some(({ health }) => health.toUs > end)) {
    notes.push("the workload ended before the rollout did: give a shorter --soak");
  }
  if (scenario.simulation.model === "allocator") {
    notes.push("model: allocator has no control plane and no time: simulation.model: cluster has");
  } else if (!hasControllers(scenario)) {
    notes.push("no control plane wave: the scenario has no garbage collector");
  }
  const differences = compareProfiles(from, to);
  if (differences.length === 0) notes.push("no modelled behaviour differs between the releases");
  if (differences.some(({ name }) => name === "untypedAffinities")) {
    notes.push(
      "not modelled: one of the releases does not see block affinities that v3.29 and older wrote, " +
        "so that upgraded nodes claim new blocks (behaviour untypedAffinities)",
    );
  }
  notes.push("not modelled: Typha, CRDs, the API server's own upgrade, pods of the DaemonSet");
  return notes;
}

/**
 * Rehearses a staged upgrade on a scenario: control plane, nodes in waves, edge nodes, each watched;
 * and runs the scenario once more without it, to tell what the rollout has changed.
 *
 * @throws BadInput for thresholds that are none of waves, and for a scenario that sets releases itself.
 */
export async function rehearseRollout(
  scenario: Scenario,
  options: RehearseOptions,
): Promise<RolloutResult> {
  checkInput(scenario, options);
  const plan = planOf(scenario, options);
  const { from, to, version, signal, onProgress } = options;
  const started = {
    ...scenario,
    gc: { ...scenario.gc, release: undefined },
    // The rollout says when the run ends.
    simulation: { ...scenario.simulation, duration: undefined, liveness: undefined },
  };
  const simulate = (conductor: Conductor) =>
    simulateScenario(started, { version, profile: from, conductor, signal, onProgress });
  const rollout = new RolloutConductor(plan);
  const ran = await simulate(rollout);
  const isInterrupted = () => signal?.aborted === true;
  let without: Bystander | undefined;
  if (!isInterrupted() && rollout.waves.length > 0) {
    without = new Bystander(rollout.waves);
    await simulate(without);
  }
  const { stateBefore, stateAfter } = rollout;
  const waves = rollout.waves.map((wave, i) => ({
    ...wave,
    withoutRollout: without?.health[i] ?? null,
  }));
  const { name, seed } = scenario;
  return {
    ipamlab: { document: "rollout", documentVersion: ROLLOUT_VERSION, version },
    scenario: { name, seed, seedMatters: ran.scenario.seedMatters, sha256: hashOf(scenario) },
    from: side(from),
    to: side(to),
    provenance: ran.provenance,
    assumptions: ran.cluster?.assumptions ?? [],
    settings: {
      model: scenario.simulation.model,
      startAfterUs: plan.startAfterUs,
      soakUs: plan.soakUs,
      ...options.written,
      onFailure: plan.onFailure,
      thresholds: [...plan.thresholds],
      notWatched: [...rollout.notWatched],
    },
    completed: !isInterrupted(),
    verdict: rollout.verdict,
    failure: rollout.failure,
    waves,
    left: stateRows(stateBefore, stateAfter, without?.stateAfter),
    nodesByRelease: rollout.nodesByRelease(),
    controllersRelease: hasControllers(scenario) ? rollout.controllers.name : null,
    notes: notesOn(scenario, plan, waves),
  };
}
