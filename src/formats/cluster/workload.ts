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
