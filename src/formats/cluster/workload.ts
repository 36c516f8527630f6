import type { PodOwner } from "./cluster-dump.js";

/** What pods belong to in the eyes of whoever runs them: `Deployment/shop`. */
export interface Workload {
  readonly kind: string;
  readonly name: string;
}

/** What a Deployment adds to the names of its ReplicaSets: consonants and digits only. */
const TEMPLATE_HASH = /-[bcdfghjklmnpqrstvwxz2456789]{5,10}$/;

/** What a CronJob adds to the names of its Jobs: the scheduled minute. */
const SCHEDULED_MINUTE = /-\d{8,10}$/;

/**
 * The workload of a pod. A pod tells only its nearest owner, so that of a Deployment is known by the
 * name of its ReplicaSet, and that of a CronJob by the name of its Job; a pod without owner is its own.
 */
export function workloadOf(pod: string, owner: PodOwner | null): Workload {
  if (owner === null) return { kind: "Pod", name: pod };
  const { kind, name } = owner;
  if (kind === "ReplicaSet" && TEMPLATE_HASH.test(name)) {
    return { kind: "Deployment", name: name.replace(TEMPLATE_HASH, "") };
  }
  if (kind === "Job" && SCHEDULED_MINUTE.test(name)) {
    return { kind: "CronJob", name: name.replace(SCHEDULED_MINUTE, "") };
  }
  return { kind, name };
}

/** What Kubernetes makes random parts of names of: five of them end a pod's name. */
const RANDOM = "[bcdfghjklmnpqrstvwxz2456789]";
const OF_REPLICA_SET = new RegExp(`^(.+-${RANDOM}{5,10})-${RANDOM}{5}$`);
const OF_CRON_JOB = new RegExp(`^(.+-\\d{8,10})-${RANDOM}{5}$`);
const OF_OTHER = new RegExp(`^(.+)-${RANDOM}{5}$`);
const OF_STATEFUL_SET = /^(.+)-\d{1,5}$/;

/**
 * The owner that a pod's name tells of, as Kubernetes' controllers make names; null when it tells of
 * none. A name with one random part may be of a Job or of a DaemonSet; it is taken for a Job's.
 */
export function guessOwner(pod: string): PodOwner | null {
  const guesses = [
    ["Job", OF_CRON_JOB],
    ["ReplicaSet", OF_REPLICA_SET],
    ["Job", OF_OTHER],
    ["StatefulSet", OF_STATEFUL_SET],
  ] as const;
  for (const [kind, pattern] of guesses) {
    const name = pattern.exec(pod)?.[1];
    if (name !== undefined) return { kind, name };
  }
  return null;
}
