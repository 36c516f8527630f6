import { getBlock, listReservations } from "../datastore/request.js";
import type { Entry, Found, Listed } from "../datastore/response.js";
import type { IpVersion } from "../model/address.js";
import type { AffinityOwner } from "../model/affinity.js";
import type { Block, HostReserved } from "../model/block.js";
import { CalicoError, textError } from "../model/calico-error.js";
import type { Cidr } from "../model/cidr.js";
import type { PoolUse } from "../model/pool.js";
import type { Reservation, ReservedAddresses } from "../model/reservation.js";
import { type Assignee, assignInBlock, type TakenAddresses } from "./assign-in-block.js";
import { readConfig } from "./config.js";
import {
  type CallContext,
  DATASTORE_RETRIES,
  type Environment,
  hostOrMachine,
  type Steps,
} from "./environment.js";
import { prepareFamily, reservedBy } from "./family-preparation.js";
import { type BlockSearch, findOrClaim } from "./find-block.js";
import type { PoolView } from "./pool-views.js";

/** Blocks a host may claim when neither the caller nor the configuration says a number. */
const DEFAULT_MAX_BLOCKS_PER_HOST = 20;

/** Arguments of AutoAssign, every default filled in. */
export interface AutoAssignArguments {
  /** Addresses wanted of each version. */
  readonly num4: number;
  readonly num6: number;
  readonly handle: string | null;
  readonly attributes: Readonly<Record<string, string>> | null;
  /** Empty stands for the machine's name. */
  readonly host: string;
  /** Pools asked for, by cidr; empty leaves the choice to node selectors. */
  readonly pools4: readonly Cidr[];
  readonly pools6: readonly Cidr[];
  /** Blocks that this request lets the host hold; 0 is no value. */
  readonly maxBlocksPerHost: number;
  readonly reserved4: HostReserved | null;
  readonly reserved6: HostReserved | null;
  readonly use: PoolUse | "";
  /** Labels of the pod's namespace (looked at since v3.31.0). */
  readonly namespaceLabels: Readonly<Record<string, string>>;
}

/** Addresses of one version, also when there are fewer than wanted. */
export interface FamilyAssignment {
  readonly version: IpVersion;
  readonly wanted: number;
  readonly taken: readonly TakenAddresses[];
  /** Why addresses are missing, in Calico's words. */
  readonly messages: readonly string[];
  readonly hostReserved: HostReserved | null;
}

/** Part of the answer may be there next to an error. */
export interface AutoAssignResult {
  readonly v4: FamilyAssignment | null;
  readonly v6: FamilyAssignment | null;
  readonly error: CalicoError | null;
}

/** Number of addresses in an assignment. */
export function takenCount(assignment: Pick<FamilyAssignment, "taken">): number {
  let count = 0;
  for (const { ordinals } of assignment.taken) count += ordinals.length;
  return count;
}

/**
 * What callers print when addresses are missing (`PartialFulfillmentError`,
 * libcalico-go/lib/ipam/ipam_types.go@v3.28.4); undefined when none is.
 */
export function partialFulfilmentText(assignment: FamilyAssignment): string | undefined {
  const count = takenCount(assignment);
  const { wanted, version, messages, hostReserved } = assignment;
  if (count >= wanted) return undefined;
  const parts = [`Assigned ${count} out of ${wanted} requested IPv${version} addresses`];
  parts.push(...messages);
  if (hostReserved !== null) parts.push(`HostReservedAttr: ${hostReserved.handle}`);
  return parts.join("; ");
}

interface FamilyWish {
  readonly version: IpVersion;
  readonly count: number;
  readonly requested: readonly Cidr[];
  readonly hostReserved: HostReserved | null;
}

/**
 * Assigns addresses to a host (`AutoAssign`, libcalico-go/lib/ipam/ipam.go@v3.28.4). IPv4 first; an
 * error there ends it; IPv4 addresses stay assigned when IPv6 fails.
 */
export function* autoAssign(
  env: Environment,
  context: CallContext,
  args: AutoAssignArguments,
): Steps<AutoAssignResult> {
  let v4: FamilyAssignment | null = null;
  let v6: FamilyAssignment | null = null;
  if (args.num4 !== 0) {
    if (args.pools4.some((cidr) => cidr.version === 6)) {
      const error = textError("provided IPv4 IPPools list contains one or more IPv6 IPPools");
      return { v4, v6, error };
    }
    const family = new FamilyRun(env, context, args, {
      version: 4,
      count: args.num4,
      requested: args.pools4,
      hostReserved: args.reserved4,
    });
    const error = yield* family.run();
    v4 = family.result();
    if (error !== undefined) return { v4, v6, error };
  }
  if (args.num6 !== 0) {
    if (args.pools6.some((cidr) => cidr.version === 4)) {
      const error = textError("provided IPv6 IPPools list contains one or more IPv4 IPPools");
      return { v4, v6, error };
    }
    const family = new FamilyRun(env, context, args, {
      version: 6,
      count: args.num6,
      requested: args.pools6,
      hostReserved: args.reserved6,
    });
    const error = yield* family.run();
    v6 = family.result();
    if (error !== undefined) return { v4, v6, error };
  }
  return { v4, v6, error: null };
}

/** The smaller of the two limits that are given, the one that is, or the default. */
function blockLimit(asked: number, configured: number): number {
  if (asked > 0 && configured > 0) return Math.min(asked, configured);
  return asked > 0 ? asked : configured > 0 ? configured : DEFAULT_MAX_BLOCKS_PER_HOST;
}

/** AutoAssign for one IP version: its progress, and the steps that change it. */
class FamilyRun {
  readonly #owner: AffinityOwner;
  readonly #assignee: Assignee;
  #taken: readonly TakenAddresses[] = [];
  readonly #messages: string[] = [];
  #missing: number;
  /** From here on the library hands out a partial result next to an error. */
  #hasResult = false;

  constructor(
    private readonly env: Environment,
    private readonly context: CallContext,
    private readonly args: AutoAssignArguments,
    private readonly wish: FamilyWish,
  ) {
    const isVirtual = env.release.affinityTypes && args.use === "LoadBalancer";
    this.#owner = { type: isVirtual ? "virtual" : "host", host: hostOrMachine(env, args.host) };
    const attribute = { handle: args.handle, secondary: args.attributes };
    this.#assignee = { owner: this.#owner, attribute };
    this.#missing = wish.count;
  }

  result(): FamilyAssignment | null {
    if (!this.#hasResult) return null;
    const { version, count, hostReserved } = this.wish;
    return {
      version,
      wanted: count,
      taken: this.#taken,
      messages: this.#messages,
      hostReserved,
    };
  }

  *run(): Steps<CalicoError | undefined> {
    const { env, context, args, wish } = this;
    if (args.use === "") {
      return textError("must specify the intended use when assigning an IP");
    }
    const reserved = reservedBy((yield listReservations()) as Listed<Reservation>);
    if (reserved instanceof CalicoError) return reserved;
    const prepared = yield* prepareFamily(env, wish.version, {
      owner: this.#owner,
      requested: wish.requested,
      use: args.use,
      hostReserved: wish.hostReserved,
      namespaceLabels: args.namespaceLabels,
    });
    if (prepared instanceof CalicoError) return prepared;
    const config = yield* readConfig(env, context);
    if (config instanceof CalicoError) return config;
    this.#hasResult = true;
    const search: BlockSearch = {
      owner: this.#owner,
      pools: prepared.pools,
      hostReserved: wish.hostReserved,
      reserved,
      ownBlocks: prepared.ownBlocks,
    };
    const limit = blockLimit(args.maxBlocksPerHost, config.maxBlocksPerHost);
    const error = yield* this.#assignFromOwnBlocks(search, limit, config.strictAffinity);
    if (error !== undefined) return error;
    if (!config.strictAffinity && this.#missing > 0) {
      yield* this.#borrow(prepared.pools, reserved);
    }
    return undefined;
  }

  *#assignFromOwnBlocks(
    search: BlockSearch,
    limit: number,
    isStrict: boolean,
  ): Steps<CalicoError | undefined> {
    let ownCount = search.ownBlocks.length;
    while (this.#missing > 0) {
      const mayClaim = ownCount < limit;
      const found = yield* findOrClaim(this.env, this.context, search, 1, mayClaim);
      if (found instanceof CalicoError) {
        if (found.kind === "noFreeBlocks") {
          if (isStrict) this.#note("No more free affine blocks and strict affinity enabled");
          return undefined;
        }
        if (found.kind === "blockLimit") {
          this.#note(
            "Need to allocate an IPAM block but could not - " +
              `limit of ${limit} blocks reached for this node`,
          );
        }
        return found;
      }
      if (found.isNew) ownCount++;
      yield* this.#takeFromOwnBlock(found.entry, search.reserved, isStrict);
    }
    return undefined;
  }

  *#takeFromOwnBlock(
    first: Entry<Block>,
    reserved: ReservedAddresses,
    isStrict: boolean,
  ): Steps<void> {
    let entry = first;
    for (let round = 0; round < DATASTORE_RETRIES; round++) {
      const taken = yield* assignInBlock(
        this.env,
        entry,
        this.#missing,
        this.#assignee,
        isStrict,
        reserved,
      );
      if (!(taken instanceof CalicoError)) {
        this.#keep(taken);
        return;
      }
      if (taken.kind !== "conflict") {
        this.#note("Failed to assign IPs in newly allocated block");
        return;
      }
      const again = (yield getBlock(entry.value.cidr)) as Found<Block>;
      if (again instanceof CalicoError) return;
      entry = again;
    }
  }

  /** Takes addresses from whatever block has some, whoever owns it. */
  *#borrow(pools: readonly PoolView[], reserved: ReservedAddresses): Steps<void> {
    const walkedToTheEnd: string[] = [];
    for (const pool of pools) {
      const walk = pool.blocks.walk(this.#owner.host, this.env.nowNs);
      let cidr = walk.next();
      while (cidr !== undefined && this.#missing > 0) {
        if (!reserved.coversWhole(cidr)) yield* this.#borrowFrom(cidr, reserved);
        if (this.#missing > 0) cidr = walk.next();
      }
      if (this.#missing === 0) break;
      walkedToTheEnd.push(pool.cidr.text);
    }
    if (walkedToTheEnd.length > 0) {
      this.#note(`No IPs available in pools: [${walkedToTheEnd.join(" ")}]`);
    }
  }

  *#borrowFrom(cidr: Cidr, reserved: ReservedAddresses): Steps<void> {
    for (let round = 0; round < DATASTORE_RETRIES; round++) {
      const entry = (yield getBlock(cidr)) as Found<Block>;
      if (entry instanceof CalicoError) return;
      const taken = yield* assignInBlock(
        this.env,
        entry,
        this.#missing,
        this.#assignee,
        false,
        reserved,
      );
      if (!(taken instanceof CalicoError)) {
        this.#keep(taken);
        return;
      }
      if (taken.kind !== "conflict") return;
    }
  }

  #keep(taken: TakenAddresses): void {
    if (taken.ordinals.length === 0) return;
    this.#taken = this.#taken.length === 0 ? [taken] : [...this.#taken, taken];
    this.#missing -= taken.ordinals.length;
  }

  /** A message equal to an earlier one is not repeated. */
  #note(message: string): void {
    if (!this.#messages.includes(message)) this.#messages.push(message);
  }
}
