import type { ExecutorOf } from "../../formats/scenario/scenario.js";
import type { Activity, Kernel } from "../../simulation/kernel.js";
import type { ExecutorRun } from "../executor-run.js";
import type { DurationSampler } from "../lifetime.js";
import type { Pod } from "../pod.js";
import type { PodGroup } from "../pod-group.js";
import type { WorkloadHost } from "../workload-host.js";

type Settings = ExecutorOf<"deployment-rollout">;

/** A number of pods, or a share of the replicas in percent. */
function podsOf(share: number | string, replicas: number, round: (share: number) => number) {
  return typeof share === "number" ? share : round((Number.parseInt(share, 10) / 100) * replicas);
}

/** The pods of one ReplicaSet that were not told to end. */
class ReplicaSet {
  readonly pods = new Set<Pod>();
  readonly ready = new Set<Pod>();

  /** At most this many pods that are not ready. */
  *unready(most: number): Generator<Pod, void> {
    let left = Math.min(most, this.pods.size - this.ready.size);
    for (const pod of left > 0 ? [...this.pods] : []) {
      if (left <= 0) return;
      if (this.ready.has(pod)) continue;
      left--;
      yield pod;
    }
  }

  delete(pod: Pod): void {
    this.pods.delete(pod);
    this.ready.delete(pod);
  }
}

/**
 * A Deployment with rolling updates, by the rules of `pkg/controller/deployment/rolling.go` of
 * Kubernetes: the new ReplicaSet grows while all pods together stay within replicas + maxSurge; of
 * the old one those that are not ready go first, then ready ones while at least replicas -
 * maxUnavailable are ready. Pods that are on their way out do not count.
 */
export class DeploymentRollout implements ExecutorRun, Activity {
  readonly #surge: number;
  readonly #unavailable: number;
  #old = new ReplicaSet();
  #new = new ReplicaSet();
  #rollouts = -1;
  #isReconciling = false;
  #isStale = false;

  constructor(
    readonly group: PodGroup,
    private readonly host: WorkloadHost,
    private readonly kernel: Kernel,
    private readonly settings: Settings,
    private readonly graceUs: DurationSampler,
  ) {
    const { replicas, maxSurge, maxUnavailable } = settings;
    this.#surge = podsOf(maxSurge, replicas, Math.ceil);
    const unavailable = podsOf(maxUnavailable, replicas, Math.floor);
    // With both at 0 nothing could ever move (`pkg/controller/deployment/util`, ResolveFenceposts).
    this.#unavailable = this.#surge === 0 && unavailable === 0 ? 1 : unavailable;
    group.listener = {
      podReady: (pod) => this.#podReady(pod),
      podGone: (pod) => this.#podGone(pod),
    };
  }

  start(): void {
    this.kernel.schedule(this.settings.startAfter, this);
  }

  wake(): void {
    this.#rollouts++;
    if (this.#rollouts > 0) {
      // An update that comes before the last one is through makes everything before it old.
      for (const pod of this.#new.pods) this.#old.pods.add(pod);
      for (const pod of this.#new.ready) this.#old.ready.add(pod);
      this.#new = new ReplicaSet();
    }
    const { startAfter, every, rollouts } = this.settings;
    if (this.#rollouts < rollouts) {
      this.kernel.schedule(startAfter + (this.#rollouts + 1) * every, this);
    }
    this.#reconcile();
  }

  #podReady(pod: Pod): void {
    if (this.#old.pods.has(pod)) this.#old.ready.add(pod);
    else if (this.#new.pods.has(pod)) this.#new.ready.add(pod);
    else return;
    this.#reconcile();
  }

  #podGone(pod: Pod): void {
    this.#old.delete(pod);
    this.#new.delete(pod);
    this.#reconcile();
  }

  /** Does what the present state asks for; what the network answers at once is taken up after. */
  #reconcile(): void {
    this.#isStale = true;
    if (this.#isReconciling) return;
    this.#isReconciling = true;
    while (this.#isStale) {
      this.#isStale = false;
      this.#scaleUp();
      this.#scaleDown();
    }
    this.#isReconciling = false;
  }

  #scaleUp(): void {
    const { replicas } = this.settings;
    const all = this.#old.pods.size + this.#new.pods.size;
    const missing = Math.min(replicas + this.#surge - all, replicas - this.#new.pods.size);
    for (let i = 0; i < missing; i++) {
      const pod = this.host.want(this.group);
      // One that was given up comes again with the next change.
      if (pod === undefined) return;
      this.#new.pods.add(pod);
      // Its network may have been there at once, before it was known here.
      if (pod.state === "running") this.#new.ready.add(pod);
    }
  }

  #scaleDown(): void {
    if (this.#old.pods.size === 0) return;
    const least = this.settings.replicas - this.#unavailable;
    const all = this.#old.pods.size + this.#new.pods.size;
    const newUnready = this.#new.pods.size - this.#new.ready.size;
    const mayGo = all - least - newUnready;
    for (const pod of this.#old.unready(mayGo)) this.#end(pod);
    let surplus = this.#old.ready.size + this.#new.ready.size - least;
    for (const pod of this.#old.ready) {
      if (surplus-- <= 0) return;
      this.#end(pod);
    }
  }

  /** Tells a pod to end; it counts no longer, and CNI DEL comes when its grace is over. */
  #end(pod: Pod): void {
    this.#old.delete(pod);
    this.#isStale = true;
    if (pod.state === "waiting") {
      this.host.end(pod);
      return;
    }
    const graceUs = this.graceUs();
    const end = { wake: () => this.host.end(pod) };
    this.kernel.schedule(this.kernel.nowUs + graceUs, end);
  }
}
