import { getNode, listPools, type RequestContext } from "../datastore/request.js";
import type { Found, Listed } from "../datastore/response.js";
import type { AddressNumber } from "../model/address.js";
import type { Block } from "../model/block.js";
import { CalicoError } from "../model/calico-error.js";
import type { Node } from "../model/node.js";
import type { Pool } from "../model/pool.js";
import { isNothingToRelease, releaseAffinity } from "./affinity-release.js";
import type { Environment, Steps } from "./environment.js";
import { enabledPools, type PoolSet, type PoolView } from "./pool-views.js";

/** Deadline under which IPAM lists pools. */
export function poolListContext(env: Environment): RequestContext {
  return env.release.poolListDeadline === "none" ? "background" : "caller";
}

/** A pool list, split as operations need it, or why there is none. */
export function poolsOf(env: Environment, listed: Listed<Pool>): PoolSet | CalicoError {
  return listed instanceof CalicoError ? listed : env.poolViews.of(listed);
}

/** Lists all pools; operations pick what they need from the set. */
export function* readPools(env: Environment): Steps<PoolSet | CalicoError> {
  return poolsOf(env, (yield listPools(poolListContext(env))) as Listed<Pool>);
}

/** The first of these pools that contains the address. */
export function poolContaining(
  pools: readonly PoolView[],
  address: AddressNumber,
): PoolView | undefined {
  for (const pool of pools) if (pool.contains(address)) return pool;
  return undefined;
}

/**
 * After a release: when the block's pool no longer selects the node that owns the block, the block is
 * given up if it is empty (`ensureConsistentAffinity`, libcalico-go/lib/ipam/ipam.go@v3.28.4).
 *
 * @returns an error that callers only log.
 */
export function* ensureConsistentAffinity(
  env: Environment,
  block: Block,
): Steps<CalicoError | undefined> {
  const owner = block.affinity;
  if (owner?.type !== "host") return undefined;
  const node = (yield getNode(owner.host)) as Found<Node>;
  if (node instanceof CalicoError) return node.kind === "notFound" ? undefined : node;
  const pools = poolsOf(env, (yield listPools(poolListContext(env))) as Listed<Pool>);
  if (pools instanceof CalicoError) return pools;
  const pool = poolContaining(enabledPools(pools, block.cidr.version), block.cidr.base);
  if (pool === undefined) return undefined;
  const selected = pool.selectsNode(node.value);
  if (selected instanceof CalicoError) return selected;
  if (selected) return undefined;
  const error = yield* releaseAffinity(owner, block.cidr, true);
  return error === undefined || isNothingToRelease(error) ? undefined : error;
}
