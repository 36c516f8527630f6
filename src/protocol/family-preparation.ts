import { getNode, listAffinities, listPools } from "../datastore/request.js";
import type { Entry, Found, Listed } from "../datastore/response.js";
import type { IpVersion } from "../model/address.js";
import type { Affinity } from "../model/affinity.js";
import { CalicoError, textError, wrapError } from "../model/calico-error.js";
import type { Cidr } from "../model/cidr.js";
import type { Node } from "../model/node.js";
import type { Pool } from "../model/pool.js";
import { type Reservation, ReservedAddresses } from "../model/reservation.js";
import { isNothingToRelease, releaseAffinity } from "./affinity-release.js";
import { poolContaining, poolListContext, poolsOf } from "./consistency.js";
import { DATASTORE_RETRIES, type Environment, type Steps } from "./environment.js";
import { choosePools, longestPrefix, type PoolWish } from "./pool-choice.js";
import { enabledPools, type PoolView } from "./pool-views.js";

/** What both AutoAssign and EnsureBlock find out before they look for a block. */
export interface Preparation {
  readonly pools: readonly PoolView[];
  /** Blocks of this host in the usable pools, in list order. */
  readonly ownBlocks: Cidr[];
}

/**
 * The process itself ends on an unreadable reservation: the library dereferences nil
 * (libcalico-go/lib/ipam/ipam.go@v3.28.4). ipamlab tells it as an error of the operation.
 */
export function reservedBy(listed: Listed<Reservation>): ReservedAddresses | CalicoError {
  if (listed instanceof CalicoError) return wrapError("failed to look up reserved IPs", listed);
  if (listed.length === 0) return ReservedAddresses.none;
  const reserved = ReservedAddresses.read(listed);
  if (reserved instanceof ReservedAddresses) return reserved;
  return textError(
    `panic: reservation with unreadable entry ${JSON.stringify(reserved.unreadable)}`,
  );
}

/** Load balancers are no nodes; only pools that select every node are theirs. */
const LOAD_BALANCER_NODE: Node = { name: "load-balancer", labels: {} };

function cidrOf({ value }: Entry<Affinity>): Cidr {
  return value.cidr;
}

/**
 * Reads node, pools and own affinities, and gives up empty blocks whose pool no longer selects the
 * node (`prepareAffinityBlocksForHost`, libcalico-go/lib/ipam/ipam.go@v3.28.4).
 */
export function* prepareFamily(
  env: Environment,
  version: IpVersion,
  wish: PoolWish,
): Steps<Preparation | CalicoError> {
  const { owner } = wish;
  let node = LOAD_BALANCER_NODE;
  if (owner.type === "host") {
    const found = (yield getNode(owner.host)) as Found<Node>;
    if (found instanceof CalicoError) return found;
    node = found.value;
  }
  const longest = longestPrefix(version, wish.hostReserved);
  if (longest instanceof CalicoError) return longest;
  const pools = poolsOf(env, (yield listPools(poolListContext(env))) as Listed<Pool>);
  if (pools instanceof CalicoError) return pools;
  const enabled = enabledPools(pools, version);
  const choice = choosePools(env, enabled, longest, node, wish);
  if (choice instanceof CalicoError) return choice;
  const affinities = (yield listAffinities(owner, version)) as Listed<Entry<Affinity>>;
  if (affinities instanceof CalicoError) return affinities;
  const { selected, usable } = choice;
  for (const { value } of affinities) {
    if (poolContaining(selected, value.cidr.base) !== undefined) continue;
    const error = yield* giveUpUnselected(enabled, node, wish, value.cidr);
    if (error !== undefined) return error;
  }
  const blocks = affinities.map(cidrOf);
  const isUsable = (cidr: Cidr) => poolContaining(usable, cidr.base) !== undefined;
  return { pools: usable, ownBlocks: blocks.every(isUsable) ? blocks : blocks.filter(isUsable) };
}

function* giveUpUnselected(
  enabled: readonly PoolView[],
  node: Node,
  wish: PoolWish,
  cidr: Cidr,
): Steps<CalicoError | undefined> {
  const pool = poolContaining(enabled, cidr.base);
  if (pool === undefined) return undefined;
  const selected = pool.selectsNode(node);
  if (selected instanceof CalicoError) return selected;
  if (selected) return undefined;
  for (let round = 0; round < DATASTORE_RETRIES; round++) {
    const error = yield* releaseAffinity(wish.owner, cidr, true);
    if (error === undefined || isNothingToRelease(error)) return undefined;
  }
  return undefined;
}
