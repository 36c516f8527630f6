import { API_CODES, resourceOfCode, verbOfCode } from "../datastore/simulated/api-request.js";
import type { ApiServer } from "../datastore/simulated/api-server.js";
import type { GarbageCollection } from "../controllers/garbage-collection.js";
import type { ClusterSection } from "../formats/result/cluster-section.js";
import type { Liveness } from "../formats/result/liveness.js";
import type { NodeNetwork } from "../node/node-network.js";

function requestCounts(server: ApiServer): ClusterSection["requests"]["byRequest"] {
  const rows: { request: string; count: number }[] = [];
  for (let code = 0; code < API_CODES; code++) {
    const resource = resourceOfCode(code);
    const count = server.counts[code]!;
    if (resource !== undefined && count > 0) {
      rows.push({ request: `${verbOfCode(code)} ${resource}`, count });
    }
  }
  return rows.sort((a, b) => b.count - a.count || (a.request < b.request ? -1 : 1));
}

function byCount(texts: ReadonlyMap<string, number>): { text: string; count: number }[] {
  return [...texts]
    .map(([text, count]) => ({ text, count }))
    .sort((a, b) => b.count - a.count || (a.text < b.text ? -1 : 1));
}

/** Garbage collection, with the release that does it; null is that of the nodes. */
export interface MeasuredCollection {
  readonly release: string | null;
  readonly collection: GarbageCollection;
}

function gcSection(
  { release, collection }: MeasuredCollection,
  { leakAges }: NodeNetwork,
): ClusterSection["gc"] {
  return {
    release,
    starts: collection.starts,
    syncs: { ...collection.syncs },
    syncUs: collection.syncTime.summary(),
    reclaimed: collection.reclaimedCount,
    lagUs: leakAges.lag.summary(),
    candidates: {
      final: collection.candidateCount,
      peak: collection.candidatesPeak,
      series: collection.candidates.points(),
    },
    reclaimedOverTime: collection.reclaimed.points(),
    errors: byCount(collection.errors),
  };
}

/** What the cluster model has counted around the allocator. */
export function clusterSection(
  run: NodeNetwork,
  server: ApiServer,
  assumptions: readonly string[],
  collected: MeasuredCollection | null,
  liveness: Liveness | null,
): ClusterSection {
  const { network } = run;
  const { addsStarted: started, addsSucceeded: succeeded, addsFailed: failed } = network;
  const ended = succeeded + failed;
  const { processStart, lockWait, limiterWait, datastore } = network.phases;
  return {
    assumptions: [...assumptions],
    adds: {
      started,
      succeeded,
      failed,
      killed: network.addsKilled,
      underWay: run.addsUnderWay,
      successRatio: ended === 0 ? null : succeeded / ended,
    },
    dels: { succeeded: network.delsSucceeded, failed: network.delsFailed },
    readyUs: network.ready.summary(),
    retriesUs: network.retries.summary(),
    attemptsPerPod: network.attempts.summary(),
    addUs: { succeeded: network.succeededAdd.summary(), failed: network.failedAdd.summary() },
    delUs: network.del.summary(),
    phasesUs: {
      processStart: processStart.summary(),
      lockWait: lockWait.summary(),
      limiterWait: limiterWait.summary(),
      datastore: datastore.summary(),
    },
    lock: {
      heldUs: network.lockHeld.summary(),
      queuePeak: run.lockQueuePeak,
      clusterQueuePeak: run.clusterLockQueuePeak,
    },
    conflicts: network.conflicts,
    requests: {
      total: server.requests,
      perAdd: network.requestsPerAdd.summary(),
      perSecond: network.requestRate.points(),
      byRequest: requestCounts(server),
      inFlightPeak: server.inFlightPeak,
      queuePeak: server.queuePeak,
    },
    podsWithoutNetwork: {
      final: run.podsWithoutNetwork,
      series: network.podsWithoutNetwork.points(),
    },
    leaks: {
      addresses: network.leakedAddresses.points(),
      handles: network.leakedHandles.points(),
    },
    nodeStarts: { succeeded: network.nodeStarts, failed: network.failedNodeStarts },
    gc: collected === null ? null : gcSection(collected, run),
    liveness,
    events: byCount(network.texts),
  };
}
