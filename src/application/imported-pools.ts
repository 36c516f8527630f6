import type { ClusterDump } from "../formats/cluster/cluster-dump.js";
import type { Remark } from "../formats/scenario/annotated-yaml.js";
import type { IpVersion } from "../model/address.js";
import type { Cidr } from "../model/cidr.js";
import type { Pool } from "../model/pool.js";

/** Why a scenario cannot have a pool with this network. */
function whyAbsent(
  cidr: Cidr | undefined,
  taken: readonly Cidr[],
  asksFor: (version: IpVersion) => boolean,
): string | undefined {
  if (cidr === undefined) return "its cidr is no network";
  if (taken.some((other) => other.overlaps(cidr))) return "it overlaps another pool";
  if (asksFor(cidr.version)) return undefined;
  return `no pod has an IPv${cidr.version} address, so it is assumed that none asks for one`;
}

/** Why a pool gives no pod an address by itself; undefined when it does. */
function whyClosed(pool: Pool): string | undefined {
  if (pool.disabled) return undefined;
  if (pool.beingDeleted) return "is being deleted";
  if (!pool.allocatable) return "is not allocatable, as its status says";
  if (pool.assignmentMode === "Manual") return "is assigned from by hand only";
  if (!pool.allowedUses.some((use) => use !== "LoadBalancer")) return "is for load balancers only";
  return undefined;
}

/**
 * Whether the network plugin asks for addresses of a version: a setting of each node that no dump
 * tells. It is seen by pods that have one; when no pod has any, both are taken to be asked for.
 */
function isAskedFor({ blocks }: ClusterDump): (version: IpVersion) => boolean {
  const seen = new Set<IpVersion>();
  for (const { value: block } of blocks) {
    if (seen.has(block.cidr.version)) continue;
    for (let ordinal = 0; ordinal < block.size; ordinal++) {
      if (block.attributeOf(ordinal)?.secondary?.["pod"] === undefined) continue;
      seen.add(block.cidr.version);
      break;
    }
  }
  return (version) => seen.size === 0 || seen.has(version);
}

/** The pools and reservations of a dump, as a scenario has them. */
export function importedPools(dump: ClusterDump) {
  const remarks: Remark[] = [];
  const leftOut: string[] = [];
  const taken: Cidr[] = [];
  const pools = [];
  const asksFor = isAskedFor(dump);
  for (const { value: pool } of dump.pools) {
    const { name, cidr, blockSize, nodeSelector, allowedUses } = pool;
    const why = whyAbsent(cidr, taken, asksFor);
    if (cidr === undefined || why !== undefined) {
      leftOut.push(`the pool ${name}: ${why}`);
      continue;
    }
    taken.push(cidr);
    const path = ["pools", pools.length];
    const closed = whyClosed(pool);
    if (closed !== undefined) {
      remarks.push({ path: [...path, "disabled"], text: `in the cluster it ${closed}` });
    }
    if (pool.namespaceSelector !== "") {
      leftOut.push(`the namespaceSelector of the pool ${name}`);
    }
    const uses = allowedUses.filter((use) => use !== "LoadBalancer");
    pools.push({
      name,
      cidr: cidr.text,
      blockSize,
      nodeSelector: nodeSelector === "" ? "all()" : nodeSelector,
      ...(pool.disabled || closed !== undefined ? { disabled: true } : {}),
      ...(uses.length === 1 ? { allowedUses: uses } : {}),
    });
  }
  const reservations = dump.reservations
    .map(({ value: { name, cidrs } }) => ({
      name,
      cidrs: cidrs.map((text) => text.trim()).filter((text) => text !== ""),
    }))
    .filter(({ cidrs }) => cidrs.length > 0);
  return { content: { pools, reservations }, remarks, leftOut };
}
