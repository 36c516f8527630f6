import { z } from "zod";
import { count, LatencySchema, MachineSchema, publishedSchema } from "./result-pieces.js";

/** Version of the load document. A field that changes its meaning raises it. */
export const LOAD_RESULT_VERSION = 1;

const ratio = z.number().min(0);

const LatencyNsSchema = LatencySchema.describe("Nanoseconds, at most 0.1 % too high.");

const SampleSchema = z.strictObject({
  repetition: z.int().min(1),
  measuredSeconds: ratio,
  operationsPerSecond: ratio,
  serviceNs: LatencyNsSchema.nullable(),
  fromIntendedNs: LatencyNsSchema.nullable(),
  conflicts: count,
  notStarted: count,
});

const LockSchema = z
  .strictObject({
    acquisitions: count,
    contended: count.describe("Acquisitions that found the lock taken."),
    mostWaiters: count.describe("Most threads seen asleep at the lock at once."),
    waitNs: LatencyNsSchema.nullable().describe("Of the contended acquisitions."),
    holdNs: LatencyNsSchema.nullable().describe("Of every 64th acquisition."),
  })
  .describe("The one lock of coarse-lock.");

const ContentionSchema = z.strictObject({
  lock: LockSchema.nullable(),
  conflicts: count.describe("Compare-and-swaps of block states that failed and were tried again."),
  operationsByRetries: z
    .array(count)
    .describe("Operations with 0, 1, 2, … failed compare-and-swaps; the 32nd is 31 or more."),
  hottestBlocks: z.array(z.strictObject({ block: z.string(), conflicts: count })),
  blocksClaimed: count,
  claimsLost: count.describe("Blocks that another thread claimed first."),
  listRereads: count.describe("A node's blocks looked at again: another thread had changed them."),
  nodeLockWaits: count.describe(
    "Times that the list of a node's blocks was held by another thread.",
  ),
  retriesExhausted: count,
});

const AllocatorSchema = z.strictObject({
  allocator: z.enum(["coarse-lock", "lock-reduced"]),
  models: z.string().describe("What it stands for."),
  operations: z.strictObject({
    assigned: count,
    failed: count,
    released: count,
    borrowed: count.describe("Addresses from blocks that are not the node's own."),
    notStarted: count.describe("Operations whose time came and that had not begun at the end."),
    perSecond: ratio,
  }),
  failures: z.array(z.strictObject({ reason: z.string(), count })),
  samples: z.array(SampleSchema).describe("One a repetition, in order."),
  assignNs: LatencyNsSchema.nullable().describe("Service time: from start to end."),
  releaseNs: LatencyNsSchema.nullable().describe("Service time: from start to end."),
  fromIntendedNs: LatencyNsSchema.nullable().describe(
    "From the moment that the schedule wanted the operation to its end; null when flat out.",
  ),
  driverLagNs: LatencyNsSchema.nullable().describe(
    "How late an idle thread began an operation: the driver's doing, in fromIntendedNs as well.",
  ),
  throughput: z
    .array(
      z.strictObject({
        timeSeconds: ratio.describe("Start of the stretch, from the start of measuring."),
        operationsPerSecond: ratio.describe("Mean over the repetitions."),
      }),
    )
    .describe("Stretches of equal length."),
  contention: ContentionSchema,
  cpuSeconds: ratio.describe("Processor time of the process, its main thread included."),
  cpuCores: ratio.describe("Processor time by measured time: cores that were busy."),
  final: z.strictObject({ addresses: count, blocks: count }),
});

const RunSchema = z.strictObject({
  threads: z.int().min(1),
  pods: count.nullable().describe("That hold an address; null for a scenario's workload."),
  occupancy: ratio.nullable().describe("Pods by addresses of the pools."),
  podsPerSecond: ratio.nullable().describe("Asked for; null is flat out, or as the scenario says."),
  allocators: z.array(AllocatorSchema),
  ratio: z
    .strictObject({
      throughput: ratio.describe("Operations a second of lock-reduced by those of coarse-lock."),
      p99: ratio.nullable().describe("The 99th percentile, the same way."),
    })
    .nullable()
    .describe("Of the same run; null when one of them was not run."),
});

const SearchSchema = z.strictObject({
  threads: z.int().min(1),
  allocator: z.enum(["coarse-lock", "lock-reduced"]),
  threshold: z.string(),
  podsPerSecond: ratio.nullable().describe("Highest rate that held; null when none did."),
  steps: z.array(
    z.strictObject({
      podsPerSecond: ratio,
      passed: z.boolean(),
      valueNs: ratio.nullable().describe("What was compared; null when nothing was measured."),
      notStarted: count,
      driverLagP99Ns: ratio.nullable(),
      conflicts: count,
    }),
  ),
});

/** The result of `ipamlab load`: one document, of which every report is a function. */
export const LoadResultSchema = z.strictObject({
  ipamlab: z.strictObject({
    document: z.literal("load"),
    documentVersion: z.literal(LOAD_RESULT_VERSION),
    version: z.string().describe("Version of ipamlab that made it."),
  }),
  provenance: z.string().describe("How the figures were obtained, and what is not in them."),
  completed: z.boolean().describe("False when the run was interrupted."),
  machine: MachineSchema,
  settings: z.strictObject({
    target: z.literal("memory"),
    mode: z.enum(["open loop", "flat out"]),
    workload: z.string(),
    seed: z.string(),
    nodes: z.int().min(1),
    pools: z.array(z.strictObject({ cidr: z.string(), blockSize: z.int() })),
    addresses: count,
    repetitions: z.int().min(1),
    warmUpSeconds: ratio,
    secondsPerRun: ratio.nullable(),
  }),
  runs: z.array(RunSchema),
  searches: z.array(SearchSchema),
  warnings: z.array(z.string()),
});

export type LoadResult = z.infer<typeof LoadResultSchema>;
export type LoadedAllocator = LoadResult["runs"][number]["allocators"][number];

/** JSON Schema of the load document, as it is published in docs/. */
export function loadResultJsonSchema(): unknown {
  return publishedSchema("ipamlab load result", LoadResultSchema);
}
