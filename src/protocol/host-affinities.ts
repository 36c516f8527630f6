import { getIpamHost, listAffinities, listAllAffinities } from "../datastore/request.js";
import type { Entry, Listed } from "../datastore/response.js";
import type { IpVersion } from "../model/address.js";
import type { Affinity, AffinityOwner } from "../model/affinity.js";
import type { Block } from "../model/block.js";
import { CalicoError, textError } from "../model/calico-error.js";
import type { Cidr } from "../model/cidr.js";
import { releaseAffinity } from "./affinity-release.js";
import { releaseRetrying } from "./claim-affinity.js";
import { type Environment, hostOrMachine, MAX_RETRIES_TEXT, type Steps } from "./environment.js";

/**
 * Gives up one block that the caller has read before (`ReleaseBlockAffinity`,
 * libcalico-go/lib/ipam/ipam.go@v3.28.4). A lost race is returned as a conflict.
 */
export function* releaseBlockAffinity(
  env: Environment,
  block: Block,
  mustBeEmpty: boolean,
): Steps<CalicoError | undefined> {
  const knowsTypes = env.release.affinityTypes;
  const owner = block.affinity;
  if (owner === null || owner.type === "" || (owner.type === "virtual" && !knowsTypes)) {
    return knowsTypes ? textError("could not parse affinity config") : undefined;
  }
  const error = yield* releaseAffinity(owner, block.cidr, mustBeEmpty);
  return error?.kind === "claimConflict" || error?.kind === "notFound" ? undefined : error;
}

/**
 * Gives up every block of a host (`ReleaseHostAffinities`, libcalico-go/lib/ipam/ipam.go@v3.28.4).
 *
 * @returns the last error, after all blocks were tried.
 */
export function* releaseHostAffinities(
  env: Environment,
  host: string,
  mustBeEmpty: boolean,
): Steps<CalicoError | undefined> {
  const listOwner: AffinityOwner = { type: "host", host: hostOrMachine(env, host) };
  const usesMachine = env.release.releaseHostAffinitiesEmptyHost === "uses the machine's name";
  const owner: AffinityOwner = usesMachine ? listOwner : { type: "host", host };
  let last: CalicoError | undefined;
  for (const version of [4, 6] satisfies IpVersion[]) {
    const affinities = (yield listAffinities(listOwner, version)) as Listed<Entry<Affinity>>;
    if (affinities instanceof CalicoError) return affinities;
    for (const { value } of affinities) {
      const error = yield* releaseRetrying(owner, value.cidr, mustBeEmpty);
      if (error === undefined || error.kind === "conflict") continue;
      if (error.kind !== "claimConflict" && error.kind !== "notFound") last = error;
    }
  }
  return last;
}

/**
 * Gives up every block of a pool, whoever owns it (`ReleasePoolAffinities`,
 * libcalico-go/lib/ipam/ipam.go@v3.28.4).
 */
export function* releasePoolAffinities(
  env: Environment,
  pool: Cidr,
): Steps<CalicoError | undefined> {
  for (let round = 0; round < env.release.releasePoolAffinitiesRounds; round++) {
    const listed = (yield listAllAffinities()) as Listed<Entry<Affinity>>;
    if (listed instanceof CalicoError) return listed;
    // One owner a block: of several, the last one listed.
    const owners = new Map<string, Affinity>();
    for (const { value } of listed) {
      if (pool.contains(value.cidr.base)) owners.set(value.cidr.text, value);
    }
    if (owners.size === 0) return undefined;
    let isDone = true;
    for (const affinity of env.mapOrder([...owners.values()], ({ cidr }) => cidr.text)) {
      const error = yield* releaseRetrying(affinity, affinity.cidr, false);
      if (error?.kind === "claimConflict") isDone = false;
      else if (error !== undefined && error.kind !== "notFound" && error.kind !== "conflict") {
        return error;
      }
    }
    if (isDone) return undefined;
  }
  return textError(MAX_RETRIES_TEXT);
}

/**
 * Removes what IPAM knows of a host (`RemoveIPAMHost`, libcalico-go/lib/ipam/ipam.go@v3.28.4). No
 * driver here stores the host object of the oldest releases, so reading it ends the operation.
 */
export function* removeIpamHost(env: Environment, host: string): Steps<CalicoError | undefined> {
  const error = yield* releaseHostAffinities(env, host, false);
  if (error !== undefined) return error;
  yield getIpamHost(hostOrMachine(env, host));
  return undefined;
}
