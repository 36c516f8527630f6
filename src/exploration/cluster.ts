import { type MemoryDialect, MemoryDatastore } from "../datastore/memory.js";
import type { IpamConfig } from "../model/ipam-config.js";
import type { Node } from "../model/node.js";
import type { UsablePool } from "../model/pool.js";
import { ascendingMapOrder, type Environment } from "../protocol/environment.js";
import { Ipam } from "../protocol/ipam.js";
import { PoolViews } from "../protocol/pool-views.js";
import type { Behaviours } from "../releases/behaviours.js";

/** What an explored cluster starts with. */
export interface ClusterPlan {
  readonly pools: readonly UsablePool[];
  readonly nodes: readonly Node[];
  /** Null when the first operation has to create it. */
  readonly config: IpamConfig | null;
  /** Networks and addresses that are reserved. */
  readonly reserved: readonly string[];
}

/** A change of the cluster between two rounds of operations. */
export type ClusterEdit =
  | { readonly edit: "setNode"; readonly node: Node }
  | { readonly edit: "setPool"; readonly pool: UsablePool }
  | { readonly edit: "advance"; readonly seconds: number };

/** Where the clock of an exploration starts: 2025-01-01T00:00:00Z, in nanoseconds since 1970. */
const CLOCK_START_NS = 1_735_689_600_000_000_000n;

/** The datastore, the clock and the library of one exploration. */
export class Cluster {
  readonly dialect: MemoryDialect;
  readonly datastore: MemoryDatastore;
  readonly ipam: Ipam;
  #nowNs = CLOCK_START_NS;

  constructor(
    readonly release: Behaviours,
    plan: ClusterPlan,
    mapOrder: Environment["mapOrder"] = ascendingMapOrder,
  ) {
    this.dialect = {
      existsShowsInner: release.existsErrorShowsInner,
      affinityKeyShowsType: release.affinityTypes,
    };
    this.datastore = new MemoryDatastore(this.dialect);
    for (const pool of plan.pools) this.datastore.setPool(pool);
    for (const node of plan.nodes) this.datastore.setNode(node);
    if (plan.config !== null) this.datastore.setConfig(plan.config);
    if (plan.reserved.length > 0) {
      this.datastore.setReservation({ name: "reserved", cidrs: plan.reserved });
    }
    this.ipam = new Ipam({
      release,
      machineName: "machine",
      // Every reading differs, as on a real machine, so that sequence numbers do.
      nowNs: () => this.#nowNs++,
      mapOrder,
      poolViews: new PoolViews(release),
    });
  }

  apply(edit: ClusterEdit): void {
    switch (edit.edit) {
      case "setNode":
        this.datastore.setNode(edit.node);
        return;
      case "setPool":
        this.datastore.setPool(edit.pool);
        return;
      case "advance":
        this.#nowNs += BigInt(edit.seconds) * 1_000_000_000n;
    }
  }
}

function describeLabels(labels: Node["labels"]): string {
  return Object.entries(labels)
    .map(([key, value]) => ` ${key}=${value}`)
    .join("");
}

function describePool(pool: UsablePool): string {
  const uses = pool.allowedUses.includes("LoadBalancer") ? ", also for load balancers" : "";
  const disabled = pool.disabled ? ", disabled" : "";
  return `pool ${pool.name}: ${pool.cidr.text} in blocks /${pool.blockSize}, nodes ${pool.nodeSelector}${uses}${disabled}`;
}

/** The plan in words, a line each part. */
export function describePlan(plan: ClusterPlan): string[] {
  const { config } = plan;
  const limit = config?.maxBlocksPerHost ?? 0;
  return [
    ...plan.pools.map(describePool),
    ...plan.nodes.map((node) => `node ${node.name}${describeLabels(node.labels)}`),
    config === null
      ? "configuration: none yet"
      : `configuration: ${config.strictAffinity ? "strict affinity" : "borrowing allowed"}, ` +
        `blocks per host ${limit === 0 ? "not set" : limit}`,
    ...(plan.reserved.length > 0 ? [`reserved: ${plan.reserved.join(", ")}`] : []),
  ];
}

/** The edit in words. */
export function describeEdit(edit: ClusterEdit): string {
  switch (edit.edit) {
    case "setNode":
      return `node ${edit.node.name} now has the labels${describeLabels(edit.node.labels) || " (none)"}`;
    case "setPool":
      return describePool(edit.pool);
    case "advance":
      return `${edit.seconds} s pass`;
  }
}
