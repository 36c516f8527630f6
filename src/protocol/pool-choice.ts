import { addressBits, type IpVersion } from "../model/address.js";
import type { AffinityOwner } from "../model/affinity.js";
import type { HostReserved } from "../model/block.js";
import { CalicoError, textError } from "../model/calico-error.js";
import type { Cidr } from "../model/cidr.js";
import type { Node } from "../model/node.js";
import type { PoolUse } from "../model/pool.js";
import type { Environment } from "./environment.js";
import type { PoolView } from "./pool-views.js";

/** What a caller says about the pools it wants. */
export interface PoolWish {
  readonly owner: AffinityOwner;
  /** Cidrs of the pools asked for; empty leaves the choice to selectors. */
  readonly requested: readonly Cidr[];
  /** What the address is for; empty is refused. */
  readonly use: PoolUse | "";
  readonly hostReserved: HostReserved | null;
  /** Labels of the pod's namespace; empty where there is none. */
  readonly namespaceLabels: Readonly<Record<string, string>>;
}

export interface PoolChoice {
  /** Pools that the request or the selectors name. */
  readonly selected: readonly PoolView[];
  /** Those of them that allow the use; never empty. */
  readonly usable: readonly PoolView[];
}

/** Longest block prefix that leaves room beside the host's reserved addresses, or why there is none. */
export function longestPrefix(
  version: IpVersion,
  reserved: HostReserved | null,
): number | CalicoError {
  const bits = addressBits(version);
  if (reserved === null) return bits;
  const count = reserved.startOfBlock + reserved.endOfBlock;
  if (count === 0) return textError("HostReservedAttr has wrong parameters");
  return bits - (32 - Math.clz32(count));
}

/** Like `filter`, but all of them are the list itself: as a rule, every pool will do. */
function thoseThat(
  pools: readonly PoolView[],
  will: (pool: PoolView) => boolean,
): readonly PoolView[] {
  return pools.every(will) ? pools : pools.filter(will);
}

function requestedPools(
  qualified: readonly PoolView[],
  requested: readonly Cidr[],
): PoolView[] | CalicoError {
  const pools: PoolView[] = [];
  for (const cidr of requested) {
    const pool = qualified.find((candidate) => candidate.cidr.text === cidr.text);
    if (pool === undefined) {
      return textError(`the given pool (${cidr.text}) does not exist, or is not enabled`);
    }
    pools.push(pool);
  }
  return pools;
}

function selectsFor(
  env: Pick<Environment, "release">,
  pool: PoolView,
  node: Node,
  wish: PoolWish,
): boolean | CalicoError {
  if (env.release.assignmentMode && pool.pool.assignmentMode !== "Automatic") return false;
  const selects = pool.selectsNode(node);
  if (selects !== true || !env.release.namespaceSelector) return selects;
  return pool.selectsNamespace(wish.namespaceLabels);
}

function selectedPools(
  env: Pick<Environment, "release">,
  enabled: readonly PoolView[],
  node: Node,
  wish: PoolWish,
): readonly PoolView[] | CalicoError {
  // As long as every pool is selected, the list itself will do.
  let some: PoolView[] | null = null;
  for (let i = 0; i < enabled.length; i++) {
    const selects = selectsFor(env, enabled[i]!, node, wish);
    if (selects instanceof CalicoError) return selects;
    if (selects) some?.push(enabled[i]!);
    else some ??= enabled.slice(0, i);
  }
  return some ?? enabled;
}

/**
 * Which pools a request may use (`determinePools`, libcalico-go/lib/ipam/ipam.go@v3.28.4). Requested
 * pools bypass node selectors. Pools whose blocks are too small for the host's reserved addresses do
 * not qualify, but stay among the selected ones when none is requested.
 *
 * @param longest block prefix up to which a pool qualifies, from `longestPrefix`.
 */
export function choosePools(
  env: Pick<Environment, "release">,
  enabled: readonly PoolView[],
  longest: number,
  node: Node,
  wish: PoolWish,
): PoolChoice | CalicoError {
  const qualified = thoseThat(enabled, (pool) => pool.pool.blockSize <= longest);
  if (qualified.length === 0) return textError("cannot find a qualified ippool");
  const selected =
    wish.requested.length > 0
      ? requestedPools(qualified, wish.requested)
      : selectedPools(env, enabled, node, wish);
  if (selected instanceof CalicoError) return selected;
  if (selected.length === 0) {
    return textError(`no configured Calico pools for node ${wish.owner.host}`);
  }
  const { use } = wish;
  const usable = use === "" ? [] : thoseThat(selected, (pool) => pool.allows(use));
  if (usable.length === 0) {
    return textError(`cannot find a qualified ippool, no pools match the required use (${use})`);
  }
  return { selected, usable };
}
