import { z } from "zod";
import { LivenessSchema } from "./liveness.js";
import { count, HistogramSchema, LatencySchema, SeriesSchema } from "./result-pieces.js";

const latency = LatencySchema.nullable();

/** What `model: cluster` tells besides what the allocator does. Times are microseconds of the simulation. */
export const ClusterSectionSchema = z.strictObject({
  assumptions: z
    .array(z.string())
    .describe("The inputs that the times rest on, as the scenario or the defaults have them."),
  adds: z.strictObject({
    started: count,
    succeeded: count,
    failed: count,
    killed: count.describe("Of the failed, those that the runtime killed after 4 minutes."),
    underWay: count.describe("Not ended at the end of the run."),
    successRatio: z.number().nullable().describe("Of those that ended."),
  }),
  dels: z.strictObject({ succeeded: count, failed: count }),
  readyUs: latency.describe("From when the schedule wanted a pod until its network was ready."),
  retriesUs: latency.describe("Of that, what passed before the ADD that succeeded."),
  attemptsPerPod: HistogramSchema.nullable().describe("ADDs of the pods that got a network."),
  addUs: z.strictObject({ succeeded: latency, failed: latency }),
  delUs: latency,
  phasesUs: z
    .strictObject({
      processStart: latency,
      lockWait: latency,
      limiterWait: latency,
      datastore: latency,
    })
    .describe("Parts of every ADD that ended."),
  lock: z.strictObject({
    heldUs: latency.describe("How long a process held its node's lock."),
    queuePeak: count.describe("Most processes that waited for one node's lock."),
    clusterQueuePeak: count.describe("The same for the cluster-wide lock of pre-3.28.4."),
  }),
  conflicts: count.describe("Writes refused because another client was faster."),
  requests: z.strictObject({
    total: count,
    perAdd: HistogramSchema.nullable(),
    perSecond: SeriesSchema,
    byRequest: z.array(z.strictObject({ request: z.string(), count })),
    inFlightPeak: count,
    queuePeak: count.describe("Most requests that waited for room at the server."),
  }),
  podsWithoutNetwork: z.strictObject({ final: count, series: SeriesSchema }),
  leaks: z.strictObject({
    addresses: SeriesSchema.describe("Allocated addresses of sandboxes that nobody will release."),
    handles: SeriesSchema,
  }),
  nodeStarts: z
    .strictObject({ succeeded: count, failed: count })
    .describe("Starts of calico-node on nodes that joined."),
  gc: z
    .strictObject({
      release: z
        .string()
        .nullable()
        .describe("Release of kube-controllers; null when it is that of the nodes."),
      starts: count.describe("Collectors that were started; each knows nothing at first."),
      syncs: z.strictObject({ event: count, timer: count }),
      syncUs: latency.describe("Time of a sync, requests and waits for the clients included."),
      reclaimed: count.describe("Addresses that the collector released."),
      lagUs: latency.describe(
        "From when nobody was left to release an address until the collector released it.",
      ),
      candidates: z.strictObject({ final: count, peak: count, series: SeriesSchema }),
      reclaimedOverTime: SeriesSchema,
      errors: z
        .array(z.strictObject({ text: z.string(), count }))
        .describe("How syncs failed, most frequent first."),
    })
    .nullable()
    .describe("Garbage collection; null when it is disabled."),
  liveness: LivenessSchema.nullable().describe(
    "The phase in which the cluster has to come to rest; null without one.",
  ),
  events: z
    .array(z.strictObject({ text: z.string(), count }))
    .describe("What operators read, most frequent first, with <sandbox> for the sandbox's id."),
});

export type ClusterSection = z.infer<typeof ClusterSectionSchema>;
