import type { PodLife, WatchedTime } from "../analysis/churn-estimate.js";
import type { ClusterDump, DumpedPod } from "../formats/cluster/cluster-dump.js";
import type { PodRecord, RecordedPod } from "../formats/cluster/pod-events.js";
import { guessOwner, workloadOf } from "../formats/cluster/workload.js";

/** Times of the API are whole seconds, those of an audit log are not. */
const SAME_START_MS = 5000;

/** Whether a pod tells when it came, and takes addresses of Calico. */
function isDated(pod: DumpedPod): pod is DumpedPod & { readonly createdMs: number } {
  if (pod.hostNetwork || pod.nodeName === "" || pod.createdMs === null) return false;
  return !pod.isFinished || pod.finishedMs !== null;
}

function lifeOf(pod: DumpedPod & { readonly createdMs: number }): PodLife {
  const { namespace, name, owner, createdMs, finishedMs } = pod;
  const workload = workloadOf(name, owner);
  const ownerName = owner?.name ?? "";
  return { namespace, workload, ownerName, startMs: createdMs, endMs: finishedMs };
}

/** Whether the record tells of this very pod, not of another one that had its name. */
function isSame(recorded: RecordedPod, { startMs }: PodLife): boolean {
  return recorded.startMs === null || Math.abs(recorded.startMs - startMs) <= SAME_START_MS;
}

/**
 * When the pods came and went that take addresses of Calico: those of a dump, and those of a record
 * of the time before. Where the record tells no owner, the pod's name does, as Kubernetes makes names.
 */
export function podLives(
  { pods }: ClusterDump,
  record: PodRecord | undefined,
): { lives: readonly PodLife[]; watched: WatchedTime | undefined } {
  const dated = pods.filter(isDated);
  if (record === undefined) return { lives: dated.map(lifeOf), watched: undefined };
  const { fromMs, toMs } = record;
  const lives = new Map(dated.map((pod) => [`${pod.namespace}/${pod.name}`, lifeOf(pod)]));
  const hostNetwork = new Set(
    pods.filter((pod) => pod.hostNetwork).map((pod) => `${pod.namespace}/${pod.name}`),
  );
  const daemonSets = new Set(
    pods
      .filter(({ owner }) => owner?.kind === "DaemonSet")
      .map(({ namespace, owner }) => `${namespace}/${owner!.name}`),
  );
  const others: PodLife[] = [];
  for (const recorded of record.pods) {
    const { namespace, name, endMs } = recorded;
    const key = `${namespace}/${name}`;
    if (recorded.hostNetwork === true || hostNetwork.has(key)) continue;
    const life = lives.get(key);
    if (life !== undefined && isSame(recorded, life)) {
      lives.set(key, { ...life, endMs: life.endMs ?? endMs });
      continue;
    }
    const guessed = recorded.owner === undefined ? guessOwner(name) : recorded.owner;
    if (guessed !== null && daemonSets.has(`${namespace}/${guessed.name}`)) continue;
    const workload = workloadOf(name, guessed);
    const startMs = recorded.startMs ?? fromMs;
    others.push({ namespace, workload, ownerName: guessed?.name ?? "", startMs, endMs });
  }
  return { lives: [...lives.values(), ...others], watched: { fromMs, toMs } };
}
