import { listReservations } from "../datastore/request.js";
import type { Listed } from "../datastore/response.js";
import type { IpVersion } from "../model/address.js";
import type { AffinityOwner } from "../model/affinity.js";
import type { HostReserved } from "../model/block.js";
import { CalicoError, textError } from "../model/calico-error.js";
import type { Cidr } from "../model/cidr.js";
import type { Reservation } from "../model/reservation.js";
import { type CallContext, type Environment, hostOrMachine, type Steps } from "./environment.js";
import { prepareFamily, reservedBy } from "./family-preparation.js";
import { findOrClaim } from "./find-block.js";

export interface EnsureBlockArguments {
  readonly host: string;
  readonly pools4: readonly Cidr[];
  readonly pools6: readonly Cidr[];
  /** A version is handled only if this is given for it. */
  readonly reserved4: HostReserved | null;
  readonly reserved6: HostReserved | null;
}

export interface EnsureBlockResult {
  readonly v4: Cidr | null;
  readonly v6: Cidr | null;
  readonly error: CalicoError | null;
}

/**
 * Makes sure that a host has a block, as Windows nodes do at start (`EnsureBlock`,
 * libcalico-go/lib/ipam/ipam.go@v3.28.4). There is no block limit here.
 */
export function* ensureBlock(
  env: Environment,
  context: CallContext,
  args: EnsureBlockArguments,
): Steps<EnsureBlockResult> {
  let v4: Cidr | null = null;
  let v6: Cidr | null = null;
  if (args.reserved4 !== null) {
    if (args.pools4.some((cidr) => cidr.version === 6)) {
      const error = textError("provided IPv4 IPPools list contains one or more IPv6 IPPools");
      return { v4, v6, error };
    }
    const found = yield* ensureFamily(env, context, 4, args.host, args.pools4, args.reserved4);
    if (found instanceof CalicoError) return { v4, v6, error: found };
    v4 = found;
  }
  if (args.reserved6 !== null) {
    if (args.pools6.some((cidr) => cidr.version === 4)) {
      const error = textError("provided IPv6 IPPools list contains one or more IPv4 IPPools");
      return { v4, v6, error };
    }
    const isMistaken = env.release.ensureBlockIpv6Pools === "the IPv4 ones, by mistake";
    const pools = isMistaken ? args.pools4 : args.pools6;
    const found = yield* ensureFamily(env, context, 6, args.host, pools, args.reserved6);
    if (found instanceof CalicoError) return { v4, v6, error: found };
    v6 = found;
  }
  return { v4, v6, error: null };
}

function* ensureFamily(
  env: Environment,
  context: CallContext,
  version: IpVersion,
  host: string,
  requested: readonly Cidr[],
  hostReserved: HostReserved,
): Steps<Cidr | CalicoError> {
  const owner: AffinityOwner = { type: "host", host: hostOrMachine(env, host) };
  const wish = { owner, requested, use: "Workload", hostReserved, namespaceLabels: {} } as const;
  const prepared = yield* prepareFamily(env, version, wish);
  if (prepared instanceof CalicoError) return prepared;
  const reserved = reservedBy((yield listReservations()) as Listed<Reservation>);
  if (reserved instanceof CalicoError) return reserved;
  const search = { owner, hostReserved, reserved, ...prepared };
  const found = yield* findOrClaim(env, context, search, 0, true);
  return found instanceof CalicoError ? found : found.entry.value.cidr;
}
