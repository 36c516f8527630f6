import type { InitialPods } from "../formats/scenario/scenario.js";
import type { LoadedPod } from "./load-cluster.js";

function fits({ namespace, owner }: InitialPods, pod: LoadedPod): boolean {
  const { kind, name } = pod.workload;
  if (namespace !== undefined && namespace !== pod.namespace) return false;
  return owner === undefined || owner === kind || owner === `${kind}/${name}`;
}

/**
 * Which entry of `initialState.pods` tells how long a pod of a dump runs: the first that fits. -1: it
 * stays for ever, because none does or because others share its handle.
 */
export function ruleOfPod(rules: readonly InitialPods[], pod: LoadedPod): number {
  return pod.hasOwnHandle ? rules.findIndex((entry) => fits(entry, pod)) : -1;
}
