import { judgeThreshold } from "../analysis/evaluate-thresholds.js";
import { WAVE_METRICS } from "../analysis/wave-metrics.js";
import type { RolloutResult, RolloutWave, WaveOutcome } from "../formats/result/rollout-result.js";
import type { SimulationResult } from "../formats/result/simulation-result.js";
import { parseThreshold, ThresholdSyntaxError } from "../formats/scenario/threshold-expression.js";
import type { ReleaseProfile } from "../releases/profiles.js";
import type { Activity } from "../simulation/kernel.js";
import type { ClusterNode, PodRef } from "../workload/pod-network.js";
import type { ConductedCluster, Conductor } from "./conducted-cluster.js";
import { planWaves, type PlannedWave, type WaveOptions } from "./wave-plan.js";
import { SLICES, WaveWatch } from "./wave-watch.js";

export interface RolloutPlan extends Pick<WaveOptions, "sizes" | "edge"> {
  readonly from: ReleaseProfile;
  readonly to: ReleaseProfile;
  /** When the rollout's first look at the cluster begins, a soak before its first wave. */
  readonly startAfterUs: number;
  /** How long each wave is watched. */
  readonly soakUs: number;
  /** What must hold in every wave: thresholds on the metrics of waves. */
  readonly thresholds: readonly string[];
  readonly onFailure: "pause" | "rollback";
  /** Whether to begin although a threshold fails before; it is not watched then. */
  readonly force: boolean;
}

/** Times of the simulation at which the conductor wants to be woken. */
type Steps<Result> = Generator<number, Result>;

function outcomesOf(thresholds: readonly string[], health: RolloutWave["health"]): WaveOutcome[] {
  return thresholds.map((check) => {
    const expression = parseThreshold(check);
    if (expression instanceof ThresholdSyntaxError) throw new RangeError(check);
    const metric = WAVE_METRICS.find(({ name }) => name === expression.metric)!;
    const { passed, value } = judgeThreshold(
      { check, expression },
      metric.unit,
      metric.read(health),
    );
    return { check, passed, value: typeof value === "number" ? value : null, unit: metric.unit };
  });
}

/**
 * Upgrades a simulated cluster in waves. Each wave's nodes are replaced at once and watched for a soak,
 * in tenths; when a threshold fails, the rollout is paused or taken back. A threshold without a value
 * fails at the end of the wave only: until then something may still be measured.
 */
export class RolloutConductor implements Conductor, Activity {
  readonly waves: RolloutWave[] = [];
  isOver = false;
  verdict: RolloutResult["verdict"] = "interrupted";
  failure: RolloutResult["failure"] = null;
  notWatched: readonly string[] = [];
  /** What the run had come to when the rollout began, and when it was over. */
  stateBefore: SimulationResult | undefined;
  stateAfter: SimulationResult | undefined;
  controllers: ReleaseProfile;
  #cluster!: ConductedCluster;
  #steps!: Steps<void>;
  #watch: WaveWatch | undefined;
  #thresholds: readonly string[];
  readonly #onTarget = new Set<ClusterNode>();
  /** Nodes that join have the new release if their index is not below this. */
  #newFrom = Infinity;

  constructor(private readonly plan: RolloutPlan) {
    this.controllers = plan.from;
    this.#thresholds = plan.thresholds;
  }

  begin(cluster: ConductedCluster): void {
    this.#cluster = cluster;
    this.#steps = this.#rollout();
    this.wake();
  }

  wake(): void {
    const next = this.#steps.next();
    if (next.done === true) this.isOver = true;
    else this.#cluster.kernel.schedule(next.value, this);
  }

  podReady(pod: PodRef, timeUs: number): void {
    this.#watch?.podReady(pod, timeUs);
  }

  /** How many live nodes have each release. */
  nodesByRelease(): RolloutResult["nodesByRelease"] {
    const { from, to } = this.plan;
    const onTarget = this.#nodesOnTarget().length;
    const others = this.#cluster.liveNodes().length - onTarget;
    return [
      { release: from.name, nodes: others },
      { release: to.name, nodes: onTarget },
    ];
  }

  *#rollout(): Steps<void> {
    const { plan } = this;
    yield plan.startAfterUs;
    if (!(yield* this.#lookBefore())) return;
    const cluster = this.#cluster;
    this.stateBefore = cluster.resultNow();
    const hasControllers = cluster.setControllersRelease !== undefined;
    const waves = planWaves(cluster.liveNodes(), { ...plan, hasControllers });
    for (const [i, wave] of waves.entries()) {
      const isLastOfOrdinary = wave.kind === "nodes" && waves[i + 1]?.kind !== "nodes";
      const nodes = this.#install(wave, isLastOfOrdinary);
      if (yield* this.#soak(wave.kind, wave.name, nodes, true)) continue;
      if (plan.onFailure === "rollback") this.#rollBack();
      const after = plan.onFailure === "pause" ? "after the pause" : "after the rollback";
      yield* this.#soak(after, after, [], false);
      this.#end(plan.onFailure === "pause" ? "paused" : "rolled back");
      return;
    }
    this.#end("completed");
  }

  /** @returns whether the rollout may begin. */
  *#lookBefore(): Steps<boolean> {
    if (yield* this.#soak("before", "before", [], true)) return true;
    const failed = this.failure!.thresholds.map(({ check }) => check);
    if (!this.plan.force) {
      this.stateBefore = this.#cluster.resultNow();
      this.#end("not begun");
      return false;
    }
    this.failure = null;
    this.notWatched = failed;
    this.#thresholds = this.#thresholds.filter((check) => !failed.includes(check));
    return true;
  }

  #end(verdict: RolloutResult["verdict"]): void {
    this.verdict = verdict;
    this.stateAfter = this.#cluster.resultNow();
  }

  /** @returns the nodes whose release was replaced. */
  #install(wave: PlannedWave<ClusterNode>, takesRest: boolean): readonly ClusterNode[] {
    const { to, edge } = this.plan;
    const cluster = this.#cluster;
    if (wave.kind === "control plane") {
      cluster.setControllersRelease?.(to.behaviours);
      this.controllers = to;
      return [];
    }
    const live = cluster.liveNodes();
    if (this.#newFrom === Infinity) {
      cluster.setReleaseOfNewNodes(to.behaviours);
      this.#newFrom = Math.max(-1, ...live.map(({ index }) => index)) + 1;
    }
    const isLeft = (node: ClusterNode) => !this.#isOnTarget(node);
    // Nodes that have joined between the plan and the first wave of nodes come with the last ones.
    const rest = takesRest ? live.filter(({ labels }) => !edge.evaluate(labels)) : [];
    const planned = wave.kind === "edge" ? live : live.filter((node) => wave.nodes.includes(node));
    const nodes = [...new Set([...planned, ...rest])].filter(isLeft);
    for (const node of nodes) {
      cluster.setRelease(node, to.behaviours);
      this.#onTarget.add(node);
    }
    return nodes;
  }

  /** All nodes at once, then the control plane: the order of the rollout, backwards. */
  #rollBack(): void {
    const { from } = this.plan;
    const cluster = this.#cluster;
    cluster.setReleaseOfNewNodes(from.behaviours);
    for (const node of this.#nodesOnTarget()) cluster.setRelease(node, from.behaviours);
    this.#onTarget.clear();
    this.#newFrom = Infinity;
    if (this.controllers !== from) cluster.setControllersRelease?.(from.behaviours);
    this.controllers = from;
  }

  #isOnTarget(node: ClusterNode): boolean {
    return node.index >= this.#newFrom || this.#onTarget.has(node);
  }

  #nodesOnTarget(): ClusterNode[] {
    return this.#cluster.liveNodes().filter((node) => this.#isOnTarget(node));
  }

  /** Watches a wave for the soak, or until a threshold fails. @returns whether all hold. */
  *#soak(
    kind: RolloutWave["kind"],
    name: string,
    nodes: readonly ClusterNode[],
    isJudged: boolean,
  ): Steps<boolean> {
    const cluster = this.#cluster;
    const fromUs = cluster.kernel.nowUs;
    const watch = new WaveWatch(cluster, cluster.resultNow());
    this.#watch = watch;
    const row = {
      kind,
      name,
      nodes: nodes.map((node) => node.name),
      nodesOnTarget: this.#nodesOnTarget().length,
      nodesInAll: cluster.liveNodes().length,
      withoutRollout: null,
      slices: watch.slices,
    };
    const place = this.waves.length;
    for (let slice = 1; slice <= SLICES; slice++) {
      yield fromUs + Math.round((this.plan.soakUs * slice) / SLICES);
      const health = watch.look(cluster.resultNow());
      const thresholds = isJudged ? outcomesOf(this.#thresholds, health) : [];
      this.waves[place] = { ...row, health, thresholds };
      const isLast = slice === SLICES;
      const failed = thresholds.filter(
        ({ passed, value }) => !passed && (isLast || value !== null),
      );
      if (failed.length > 0) {
        this.failure = { wave: name, timeUs: cluster.kernel.nowUs, thresholds: failed };
        return false;
      }
    }
    return true;
  }
}
