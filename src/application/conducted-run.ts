import type { SimulationResult } from "../formats/result/simulation-result.js";
import type { ConductedCluster, Conductor } from "../rollout/conducted-cluster.js";
import type { Kernel } from "../simulation/kernel.js";
import type { WorkloadHost } from "../workload/workload-host.js";
import type { ModelRun } from "./model-run.js";
import type { PodObserver } from "./observed-events.js";

/** An observer that tells a conductor of pods that are ready, and looks at nothing closer. */
export function watchingFor(conductor: Conductor): PodObserver {
  return {
    podStarted: () => null,
    podReady: (pod, timeUs) => conductor.podReady(pod, timeUs),
    podFailed: () => undefined,
  };
}

/** A run in the hands of a conductor. */
export function conducted(
  model: ModelRun,
  kernel: Kernel,
  host: WorkloadHost,
  resultNow: (isCompleted: boolean) => SimulationResult,
): ConductedCluster {
  return {
    kernel,
    liveNodes: () => [...host.liveNodes()],
    setRelease: (node, release) => model.setRelease(node, release),
    setReleaseOfNewNodes: (release) => model.setReleaseOfNewNodes(release),
    setControllersRelease: model.setControllersRelease,
    resultNow() {
      model.countNow();
      return resultNow(false);
    },
  };
}
