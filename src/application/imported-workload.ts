import type {
  ArrivalEstimate,
  ChurnEstimate,
  CronJobEstimate,
} from "../analysis/churn-estimate.js";
import type { Remark } from "../formats/scenario/annotated-yaml.js";
import type { ImportedPart } from "./imported-part.js";
import type { ImportedNodes } from "./imported-nodes.js";

interface Surroundings {
  readonly durationSeconds: number;
  readonly nodes: ImportedNodes["list"];
}

const SECONDS_PER_UNIT = [
  ["s", 1],
  ["m", 60],
  ["h", 3600],
  ["d", 86_400],
] as const;

const CONTROL_PLANE_LABELS = [
  "node-role.kubernetes.io/control-plane",
  "node-role.kubernetes.io/master",
];

/** Three digits are more than an estimate is worth. */
function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

/** As a scenario writes it, in the largest unit that leaves at least one. */
function durationText(seconds: number): string {
  for (const [unit, size] of [...SECONDS_PER_UNIT].reverse()) {
    if (seconds >= size) return `${rounded(seconds / size)}${unit}`;
  }
  return `${Math.max(1, Math.round(seconds * 1000))}ms`;
}

/** As a scenario writes it, exactly. */
export function exactDuration(seconds: number): string {
  for (const [unit, size] of [...SECONDS_PER_UNIT].reverse()) {
    if (seconds >= size && seconds % size === 0) return `${seconds / size}${unit}`;
  }
  return `${seconds}s`;
}

/** In the smallest unit in which it is at least one. */
function rateText(perSecond: number): { rate: number; timeUnit: string } {
  for (const [unit, size] of SECONDS_PER_UNIT) {
    if (perSecond * size >= 1) return { rate: rounded(perSecond * size), timeUnit: `1${unit}` };
  }
  return { rate: rounded(perSecond * 86_400), timeUnit: "1d" };
}

/** Below this spread, which is one percent, all run as long. */
const SIGMA_MIN = 0.01;

/** Pods of one job do the same work; of others no more than the mean is known. */
function lifetimeOf(estimate: ArrivalEstimate | CronJobEstimate): string | object {
  if (estimate.kind === "arrivals") {
    return { distribution: "exponential", mean: durationText(estimate.meanLifetimeSeconds) };
  }
  const median = durationText(estimate.medianLifetimeSeconds);
  const { lifetimeSigma } = estimate;
  if (lifetimeSigma < SIGMA_MIN) return median;
  return { distribution: "lognormal", median, sigma: Math.min(rounded(lifetimeSigma), 10) };
}

/** Names as Kubernetes has them. */
function dnsName(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, "-")
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, "");
}

/** Which nodes pods come to: not those of the control plane, when there are others. */
function nodeSelectorOf(nodes: Surroundings["nodes"]): string | undefined {
  const has = (label: string) => (node: Surroundings["nodes"][number]) =>
    Object.hasOwn(node.labels ?? {}, label);
  const used = CONTROL_PLANE_LABELS.filter((label) => nodes.some(has(label)));
  const isWorker = (node: Surroundings["nodes"][number]) => !used.some((label) => has(label)(node));
  if (used.length === 0 || !nodes.some(isWorker)) return undefined;
  return used.map((label) => `!has(${label})`).join(" && ");
}

class WorkloadWriter {
  readonly workload: object[] = [];
  readonly pods: object[] = [];
  readonly remarks: Remark[] = [];
  readonly #names = new Set<string>();
  readonly #nodeSelector: string | undefined;

  constructor(private readonly surroundings: Surroundings) {
    this.#nodeSelector = nodeSelectorOf(surroundings.nodes);
  }

  #nameFor({ owner, namespace }: ArrivalEstimate | CronJobEstimate): string {
    const base = dnsName(
      owner.includes("/") ? `${namespace}-${owner.split("/")[1]}` : `other-${owner}`,
    );
    let name = base;
    for (let i = 2; this.#names.has(name); i++) name = `${base}-${i}`;
    this.#names.add(name);
    return name;
  }

  #placed(estimate: ArrivalEstimate | CronJobEstimate) {
    return {
      name: this.#nameFor(estimate),
      ...(estimate.namespace === undefined ? {} : { namespace: estimate.namespace }),
      ...(this.#nodeSelector === undefined ? {} : { nodeSelector: this.#nodeSelector }),
    };
  }

  add(estimate: ArrivalEstimate | CronJobEstimate): void {
    const { owner, namespace, text } = estimate;
    const lifetime = lifetimeOf(estimate);
    const path = ["workload", this.workload.length];
    const { durationSeconds } = this.surroundings;
    if (estimate.kind === "arrivals") {
      const duration = exactDuration(durationSeconds);
      const rate = rateText(estimate.perSecond);
      const placed = this.#placed(estimate);
      this.workload.push({ executor: "poisson", ...placed, ...rate, duration, lifetime });
      this.remarks.push({ path: [...path, "rate"], text: `estimated: ${text}` });
    } else {
      const { everySeconds, firstAfterSeconds, jobs, podsPerJob } = estimate;
      if (firstAfterSeconds >= durationSeconds) return;
      this.workload.push({
        executor: "cronjob",
        ...this.#placed(estimate),
        startAfter: exactDuration(firstAfterSeconds),
        jobs,
        podsPerJob,
        every: exactDuration(everySeconds),
        runs: Math.ceil((durationSeconds - firstAfterSeconds) / everySeconds),
        lifetime,
      });
      this.remarks.push({ path: [...path, "every"], text: `estimated: ${text}` });
    }
    if (estimate.running > 0) this.pods.push({ namespace, owner, lifetime });
  }

  /** A scenario has to have pods: where nothing is known of any, one a minute is. */
  addAssumed(): void {
    this.workload.push({
      executor: "constant-arrival-rate",
      name: "assumed",
      rate: 1,
      timeUnit: "1m",
      duration: exactDuration(this.surroundings.durationSeconds),
      lifetime: "10m",
    });
    const text = "assumed: the dump tells nothing of when pods came; put your own rate here";
    this.remarks.push({ path: ["workload", 0, "rate"], text });
  }
}

/** Executors that go on as the estimates say, and how long the pods of the dump run on. */
export function importedWorkload(
  { estimates }: ChurnEstimate,
  surroundings: Surroundings,
): ImportedPart<{ workload: object[]; pods: object[] }> {
  const writer = new WorkloadWriter(surroundings);
  // Workloads of their own come before all others of their kind: the first that fits decides.
  for (const estimate of estimates) writer.add(estimate);
  if (writer.workload.length === 0) writer.addAssumed();
  const { workload, pods, remarks } = writer;
  if (pods.length > 0) {
    const text = "estimated: pods that run go on as long as new ones; others stay for ever.";
    remarks.push({ path: ["initialState", "pods"], text });
  }
  return { content: { workload, pods }, remarks };
}
