import { BadInput } from "../failure/failure.js";
import type { ClusterDump } from "../formats/cluster/cluster-dump.js";
import {
  DatastoreSchema,
  GcSchema,
  NodeSectionSchema,
} from "../formats/scenario/cluster-schemas.js";
import { withHistograms } from "../formats/scenario/datastore-latencies.js";
import type { Distribution } from "../formats/scenario/distribution.js";
import type { Executor, Scenario } from "../formats/scenario/scenario.js";
import { DEFAULT_IPAM_CONFIG } from "../model/ipam-config.js";
import type { UsablePool } from "../model/pool.js";
import { findProfile } from "../releases/profiles.js";
import { readClaims } from "./initial-claims.js";

/** What is assumed of a cluster of which only a moment is known. */
export interface DumpAssumptions {
  /** Mean life of a pod, in microseconds. */
  readonly podLifetimeUs: number;
  readonly horizonUs: number;
  readonly maxPods: number;
  readonly seed: string;
  /** Undefined: what the dump says, else this one. */
  readonly release: string | undefined;
}

const RELEASE_WHEN_UNKNOWN = "v3.28.4";

const TURNOVER = {
  executor: "poisson",
  name: "turnover",
  namespace: "default",
  placement: "random",
  nodeSelector: "all()",
  whenFull: "drop",
  startAfter: 0,
  newNames: [],
  namePrefix: "",
} as const;

/**
 * A scenario from a dump: it begins as the dump is, and its pods come and go so that as many run as do
 * now, each for an exponential time. How fast is an assumption: a dump does not tell it.
 *
 * @param files what the dump was read from.
 * @throws BadInput when the dump has no node, no pool or no pod.
 */
export function scenarioOfDump(
  dump: ClusterDump,
  files: readonly string[],
  assumptions: DumpAssumptions,
): Scenario {
  const file = files[0]!;
  const pools = dump.pools
    .map(({ value }) => value)
    .filter((pool): pool is UsablePool => pool.cidr !== undefined);
  const nodes = dump.nodes.map(({ name, labels }) => ({ name, labels }));
  const names = new Set(nodes.map(({ name }) => name));
  const pods = readClaims(dump, []).pods.filter(({ node }) => names.has(node));
  for (const [what, count] of [
    ["Node", nodes.length],
    ["IPPool", pools.length],
    ["pod that holds an address", pods.length],
  ] as const) {
    if (count === 0) {
      throw new BadInput({ file, message: `a plan of a dump needs at least one ${what}` });
    }
  }
  const { podLifetimeUs: mean, horizonUs: duration, maxPods, seed } = assumptions;
  const lifetime: Distribution = { distribution: "exponential", mean };
  const timeUnit = 86_400e6;
  const rate = (pods.length * timeUnit) / mean;
  const turnover: Executor = { ...TURNOVER, rate, timeUnit, duration, lifetime };
  const version = dump.clusterInformation?.calicoVersion ?? "";
  const said = findProfile(version) === undefined ? RELEASE_WHEN_UNKNOWN : version;
  return {
    file,
    name: file,
    description: "A cluster as its dump shows it; pods come and go at an assumed pace.",
    release: assumptions.release ?? said,
    seed,
    pools,
    ipamConfig: dump.config?.value ?? DEFAULT_IPAM_CONFIG,
    reservations: dump.reservations.map(({ value }) => value),
    nodes,
    maxPods,
    workload: [turnover],
    initialState: { seed: [], dump: files, pods: [{ lifetime }] },
    simulation: { model: "allocator", duration },
    datastore: withHistograms(DatastoreSchema.parse({}), () => []),
    node: NodeSectionSchema.parse({}),
    gc: GcSchema.parse({}),
    changes: [],
    thresholds: [],
  };
}
