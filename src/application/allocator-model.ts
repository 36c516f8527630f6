import { ALLOCATOR_PROVENANCE } from "../analysis/churn-result.js";
import type { CallRecord } from "../datastore/call-record.js";
import { ChurnRun, type ChurnWorld } from "../simulation/churn-run.js";
import type { Kernel } from "../simulation/kernel.js";
import type { RandomStreams } from "../simulation/random-streams.js";
import { InstantNetwork } from "../workload/instant-network.js";
import type { ModelRun } from "./model-run.js";

/** The run of a scenario with Calico's decisions alone. */
export function createAllocatorModel(
  world: ChurnWorld,
  { kernel, random }: { readonly kernel: Kernel; readonly random: RandomStreams },
  record: CallRecord | undefined,
): ModelRun {
  const figures = new ChurnRun(world, random, record);
  let network: InstantNetwork | undefined;
  return {
    figures,
    datastore: figures.datastore,
    createNetwork: (events) => (network = new InstantNetwork(figures, kernel, events)),
    setRelease: ({ index }, release) => figures.setRelease(index, release),
    setReleaseOfNewNodes(release) {
      network!.releaseOfNewNodes = release;
    },
    requests: 0,
    provenance: ALLOCATOR_PROVENANCE,
    check: () => figures.check(),
    countNow: () => undefined,
    section: () => null,
  };
}
