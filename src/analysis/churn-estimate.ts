import type { Workload } from "../formats/cluster/workload.js";

/** What is known of when a pod came and went. */
export interface PodLife {
  readonly namespace: string;
  readonly workload: Workload;
  /** Name of the pod's nearest owner, such as `backup-29730120` of a Job; empty when it has none. */
  readonly ownerName: string;
  /** Milliseconds since 1970. */
  readonly startMs: number;
  /** Null while it runs. */
  readonly endMs: number | null;
}

/** The time that was watched: every pod that came or went in it is known. */
export interface WatchedTime {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What a figure of an estimate rests on, in words. */
interface Evidence {
  /** `Deployment/shop`, or `Deployment` for all of the kind that have no estimate of their own. */
  readonly owner: string;
  /** Undefined: of any namespace. */
  readonly namespace: string | undefined;
  readonly text: string;
  readonly running: number;
}

/** Pods that come and go independently of each other. */
export interface ArrivalEstimate extends Evidence {
  readonly kind: "arrivals";
  readonly perSecond: number;
  readonly meanLifetimeSeconds: number;
}

/** Pods that come by the clock. */
export interface CronJobEstimate extends Evidence {
  readonly kind: "cronjob";
  readonly everySeconds: number;
  /** From the moment of the dump to the next run. */
  readonly firstAfterSeconds: number;
  readonly jobs: number;
  readonly podsPerJob: number;
  readonly meanLifetimeSeconds: number;
  /** Half ran shorter. */
  readonly medianLifetimeSeconds: number;
  /** Standard deviation of the lifetime's logarithm; 0: all run as long. */
  readonly lifetimeSigma: number;
}

/** The busiest minute among the pods that are known. */
export interface LargestBurst {
  readonly pods: number;
  readonly withinSeconds: number;
  readonly startMs: number;
}

export interface ChurnEstimate {
  /** With those that come most often first. */
  readonly estimates: readonly (ArrivalEstimate | CronJobEstimate)[];
  readonly largestBurst: LargestBurst | undefined;
  /** What could not be estimated, and why. */
  readonly unknown: readonly string[];
}

/** Workloads with fewer pods than this are estimated together, by kind. */
const OWN_ESTIMATE_PODS_MIN = 5;

/** Most workloads that are estimated by themselves. */
const OWN_ESTIMATES_MAX = 20;

/** Kinds whose pods come with a node and stay with it. */
const NODE_BOUND_KINDS = ["DaemonSet", "Node"];

const BURST_SECONDS = 60;

/** Times of the Kubernetes API are whole seconds, so nothing is younger than one. */
const AGE_SECONDS_MIN = 1;

/** Used where no pod of a CronJob was seen to end. */
const CRONJOB_LIFETIME_SECONDS = 30;

interface Group {
  readonly owner: string;
  readonly namespace: string | undefined;
  readonly lives: readonly PodLife[];
}

function ageSeconds({ startMs }: PodLife, nowMs: number): number {
  return Math.max((nowMs - startMs) / 1000, AGE_SECONDS_MIN);
}

function durationSeconds({ startMs, endMs }: PodLife, nowMs: number): number {
  return Math.max(((endMs ?? nowMs) - startMs) / 1000, AGE_SECONDS_MIN);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** `1 pod`, `2 pods`. */
export function countText(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? "" : "s"}`;
}

/**
 * The mean lifetime by the time that pods ran per end seen: the maximum likelihood of an exponential
 * lifetime when some lives are cut off by the end of the watch.
 */
function watchedLifetime(lives: readonly PodLife[], watched: WatchedTime): number | undefined {
  let runningMs = 0;
  let ends = 0;
  for (const { startMs, endMs } of lives) {
    const until = Math.min(endMs ?? Infinity, watched.toMs);
    runningMs += Math.max(0, until - Math.max(startMs, watched.fromMs));
    if (endMs !== null && endMs >= watched.fromMs && endMs <= watched.toMs) ends++;
  }
  return ends === 0 ? undefined : Math.max(runningMs / 1000 / ends, AGE_SECONDS_MIN);
}

/** From a watch: arrivals are counted. Undefined when nothing came. */
function fromWatch(group: Group, watched: WatchedTime): ArrivalEstimate | undefined {
  const { owner, namespace, lives } = group;
  const { fromMs, toMs } = watched;
  const came = lives.filter(({ startMs }) => startMs >= fromMs && startMs <= toMs).length;
  if (came === 0 || toMs <= fromMs) return undefined;
  const running = lives.filter(({ endMs }) => endMs === null);
  const lifetime =
    watchedLifetime(lives, watched) ??
    sum(running.map((life) => ageSeconds(life, toMs))) / Math.max(running.length, 1);
  const went = lives.filter(({ endMs }) => endMs !== null && endMs >= fromMs).length;
  return {
    kind: "arrivals",
    owner,
    namespace,
    perSecond: came / ((toMs - fromMs) / 1000),
    meanLifetimeSeconds: Math.max(lifetime, AGE_SECONDS_MIN),
    running: running.length,
    text: `${countText(came, "pod")} came and ${went} went while it was watched`,
  };
}

/**
 * From one look at the cluster. Of pods that end by themselves, some that have ended are still
 * listed: their lifetimes are known, and their rate is counted. Of others, the mean age estimates the
 * mean lifetime (exact for exponential lifetimes in a cluster in balance), and Little's law gives the
 * rate.
 */
function fromAges({ owner, namespace, lives }: Group, nowMs: number): ArrivalEstimate | undefined {
  const running = lives.filter(({ endMs }) => endMs === null);
  const ended = lives.length - running.length;
  const common = { kind: "arrivals" as const, owner, namespace, running: running.length };
  if (ended > 0 && lives.length > 1) {
    const oldestMs = earliestStart(lives);
    const seconds = Math.max((nowMs - oldestMs) / 1000, AGE_SECONDS_MIN);
    return {
      ...common,
      perSecond: (lives.length - 1) / seconds,
      meanLifetimeSeconds: sum(lives.map((life) => durationSeconds(life, nowMs))) / ended,
      text: `${ended} that ended and ${running.length} that run are listed`,
    };
  }
  if (running.length === 0) return undefined;
  const meanAge = sum(running.map((life) => ageSeconds(life, nowMs))) / running.length;
  return {
    ...common,
    perSecond: running.length / meanAge,
    meanLifetimeSeconds: meanAge,
    text: `the mean age of ${countText(running.length, "pod")}, by Little's law`,
  };
}

function earliestStart(lives: readonly PodLife[]): number {
  let earliest = Infinity;
  for (const { startMs } of lives) if (startMs < earliest) earliest = startMs;
  return earliest;
}

function groupBy(lives: readonly PodLife[], keyOf: (life: PodLife) => string): PodLife[][] {
  const groups = new Map<string, PodLife[]>();
  for (const life of lives) {
    const key = keyOf(life);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [life]);
    else group.push(life);
  }
  return [...groups.values()];
}

/** The scheduled time that the name of a CronJob's Job ends with, milliseconds since 1970. */
function scheduledMs(ownerName: string): number | undefined {
  const number = /-(\d{8,10})$/.exec(ownerName)?.[1];
  if (number === undefined) return undefined;
  // Minutes since Kubernetes v1.21, seconds before.
  return Number(number) * (number.length === 10 ? 1000 : 60_000);
}

interface CronJobFacts {
  readonly owner: string;
  readonly namespace: string;
  readonly everyMs: number;
  readonly lastMs: number;
  readonly podsPerJob: number;
  readonly lives: readonly PodLife[];
}

/** Undefined when only one run is to be seen. */
function cronJobFacts(lives: readonly PodLife[]): CronJobFacts | undefined {
  const { namespace, workload } = lives[0]!;
  const times = new Set<number>();
  for (const { ownerName } of lives) {
    const time = scheduledMs(ownerName);
    if (time !== undefined) times.add(time);
  }
  const sorted = [...times].sort((a, b) => a - b);
  if (sorted.length < 2) return undefined;
  const gaps = sorted.slice(1).map((time, i) => time - sorted[i]!);
  return {
    owner: `CronJob/${workload.name}`,
    namespace,
    everyMs: Math.min(...gaps),
    lastMs: sorted.at(-1)!,
    podsPerJob: Math.max(1, Math.round(lives.length / sorted.length)),
    lives,
  };
}

/** CronJobs that run at the same times with as many pods are one estimate. */
function cronJobEstimates(
  lives: readonly PodLife[],
  nowMs: number,
): Pick<ChurnEstimate, "unknown"> & { estimates: CronJobEstimate[] } {
  const byJob = groupBy(lives, ({ namespace, workload }) => `${namespace}/${workload.name}`);
  const facts: CronJobFacts[] = [];
  const unknown: string[] = [];
  for (const group of byJob) {
    const found = cronJobFacts(group);
    if (found !== undefined) facts.push(found);
    else {
      const { namespace, workload } = group[0]!;
      unknown.push(`CronJob ${namespace}/${workload.name}: how often it runs (one run is listed)`);
    }
  }
  const alike = new Map<string, CronJobFacts[]>();
  for (const fact of facts) {
    const key = `${fact.everyMs} ${fact.lastMs % fact.everyMs} ${fact.podsPerJob}`;
    alike.set(key, [...(alike.get(key) ?? []), fact]);
  }
  const estimates = [...alike.values()].map((group): CronJobEstimate => {
    const { everyMs, lastMs, podsPerJob } = group[0]!;
    const all = group.flatMap((fact) => fact.lives);
    const ended = all.filter(({ endMs }) => endMs !== null);
    const lifetimes =
      ended.length === 0
        ? [CRONJOB_LIFETIME_SECONDS]
        : ended.map((life) => durationSeconds(life, nowMs));
    const logarithms = lifetimes.map(Math.log);
    const meanLog = sum(logarithms) / logarithms.length;
    const deviations = logarithms.map((logarithm) => (logarithm - meanLog) ** 2);
    const sinceLast = (((nowMs - lastMs) % everyMs) + everyMs) % everyMs;
    return {
      kind: "cronjob",
      owner: group.length === 1 ? group[0]!.owner : "CronJob",
      namespace: group.length === 1 ? group[0]!.namespace : undefined,
      everySeconds: everyMs / 1000,
      firstAfterSeconds: sinceLast === 0 ? 0 : (everyMs - sinceLast) / 1000,
      jobs: group.length,
      podsPerJob,
      meanLifetimeSeconds: sum(lifetimes) / lifetimes.length,
      medianLifetimeSeconds: Math.exp(meanLog),
      lifetimeSigma: Math.sqrt(sum(deviations) / deviations.length),
      running: all.length - ended.length,
      text:
        "the times in the names of Jobs; " +
        (ended.length === 0
          ? "none was seen to end, so the lifetime is assumed"
          : `the lifetime from ${countText(ended.length, "pod")} that ended`),
    };
  });
  return { estimates, unknown };
}

/** The minute in which most of the pods came. */
function largestBurst(lives: readonly PodLife[]): LargestBurst | undefined {
  const starts = lives.map(({ startMs }) => startMs).sort((a, b) => a - b);
  let best: LargestBurst | undefined;
  for (let from = 0, to = 0; from < starts.length; from++) {
    while (to < starts.length && starts[to]! <= starts[from]! + BURST_SECONDS * 1000) to++;
    const pods = to - from;
    if (best !== undefined && pods <= best.pods) continue;
    const withinSeconds = (starts[to - 1]! - starts[from]!) / 1000;
    best = { pods, withinSeconds, startMs: starts[from]! };
  }
  return best;
}

/**
 * How often pods of a cluster come, and how long they run.
 *
 * @param lives of pods that take addresses of Calico.
 * @param nowMs when the cluster was looked at.
 * @param watched the time in which every pod that came and went is among the lives; undefined when
 *   all that is known is who was there at one moment.
 */
export function estimateChurn(
  lives: readonly PodLife[],
  nowMs: number,
  watched?: WatchedTime,
): ChurnEstimate {
  const churning = lives.filter(({ workload }) => !NODE_BOUND_KINDS.includes(workload.kind));
  const isCronJob = ({ workload }: PodLife) => workload.kind === "CronJob";
  const estimate = (group: Group) =>
    watched === undefined ? fromAges(group, nowMs) : fromWatch(group, watched);
  const own: ArrivalEstimate[] = [];
  const rest: PodLife[] = [];
  const workloads = groupBy(
    churning.filter((life) => !isCronJob(life)),
    ({ namespace, workload: { kind, name } }) => `${namespace}/${kind}/${name}`,
  );
  const candidates = workloads.map((group) => {
    const { namespace, workload } = group[0]!;
    const owner = `${workload.kind}/${workload.name}`;
    return { group, estimate: estimate({ owner, namespace, lives: group }) };
  });
  candidates.sort((a, b) => (b.estimate?.perSecond ?? 0) - (a.estimate?.perSecond ?? 0));
  for (const { group, estimate: found } of candidates) {
    const isOwn = group.length >= OWN_ESTIMATE_PODS_MIN && own.length < OWN_ESTIMATES_MAX;
    if (isOwn && found !== undefined) own.push(found);
    else rest.push(...group);
  }
  const together = groupBy(rest, ({ workload }) => workload.kind).flatMap((group) => {
    const owner = group[0]!.workload.kind;
    return estimate({ owner, namespace: undefined, lives: group }) ?? [];
  });
  const cron = cronJobEstimates(churning.filter(isCronJob), nowMs);
  return {
    estimates: [...own, ...cron.estimates, ...together.sort((a, b) => b.perSecond - a.perSecond)],
    largestBurst: largestBurst(churning),
    unknown: cron.unknown,
  };
}
