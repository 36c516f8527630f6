/* eslint-disable max-lines */
// Derived from the generators of this folder: do not edit. After a change of theirs, write it anew with
// `UPDATE_GOLDEN=1 npx vitest run test/protocol/direct.test.ts`.

/**
 * Operations of IPAM for a datastore that answers at once, as plain functions: where a generator yields
 * a request, these call the datastore. They do what `runToEnd` does with the generators, in 55
 * to 65 % of the time. Pauses and locks are left out, as `runToEnd` takes no notice of them.
 */

import type { Datastore } from "../datastore/datastore.js";
import {
  createAffinity,
  createBlock,
  createConfig,
  createHandle,
  deleteAffinity,
  deleteBlock,
  deleteHandle,
  getAffinity,
  getBlock,
  getConfig,
  getHandle,
  getNode,
  listAffinities,
  listBlocks,
  listPools,
  listReservations,
  type RequestContext,
  updateAffinity,
  updateBlock,
  updateHandle,
} from "../datastore/request.js";
import type { BlockListing, Entry, Found, Listed } from "../datastore/response.js";
import type { IpVersion } from "../model/address.js";
import { affinityText, ownerOf, type Affinity, type AffinityOwner } from "../model/affinity.js";
import {
  freeCount,
  isEmptyBlock,
  newBlock,
  type Block,
  type HostReserved,
  withAllocated,
  withHandleReleased,
  withNextSequence,
  withoutAffinity,
} from "../model/block.js";
import { CalicoError, IpamError, textError, wrapError } from "../model/calico-error.js";
import type { Cidr } from "../model/cidr.js";
import { FreeList } from "../model/free-list.js";
import { handleCount, sanitiseHandle, type Handle, withFewer, withMore } from "../model/handle.js";
import { DEFAULT_IPAM_CONFIG, type IpamConfig } from "../model/ipam-config.js";
import type { Node } from "../model/node.js";
import type { Pool } from "../model/pool.js";
import type { Reservation, ReservedAddresses } from "../model/reservation.js";
import { claimConflict } from "./affinity-claim.js";
import { isNothingToRelease } from "./affinity-release.js";
import type { Assignee, TakenAddresses } from "./assign-in-block.js";
import type { AutoAssignArguments, AutoAssignResult, FamilyAssignment } from "./auto-assign.js";
import { poolContaining, poolListContext, poolsOf } from "./consistency.js";
import {
  DATASTORE_RETRIES,
  MAX_RETRIES_TEXT,
  hostOrMachine,
  type CallContext,
  type Environment,
} from "./environment.js";
import { reservedBy, type Preparation } from "./family-preparation.js";
import type { BlockSearch, FoundBlock } from "./find-block.js";
import { cleanupContext } from "./handle-count.js";
import { choosePools, longestPrefix, type PoolWish } from "./pool-choice.js";
import { enabledPools, type PoolView } from "./pool-views.js";

const STALE_AFFINITY = new IpamError("staleAffinity", "affinity is stale");

function claimPending(driver: Datastore, owner: AffinityOwner, cidr: Cidr): Found<Affinity> {
  const wish: Affinity = { type: owner.type, host: owner.host, cidr, state: "pending" };
  const created = driver.perform(createAffinity(wish)) as Found<Affinity>;
  if (!(created instanceof CalicoError) || created.kind !== "exists") return created;
  const found = driver.perform(getAffinity(owner, cidr)) as Found<Affinity>;
  if (found instanceof CalicoError) return found;
  if (found.value.state === "confirmed") return found;
  return driver.perform(
    updateAffinity(found, { ...found.value, state: "pending" }),
  ) as Found<Affinity>;
}

function confirm(driver: Datastore, entry: Entry<Affinity>): Found<Affinity> {
  const { value } = entry;
  const updated = driver.perform(
    updateAffinity(entry, {
      ...value,
      state: "confirmed",
    }),
  ) as Found<Affinity>;
  if (!(updated instanceof CalicoError)) return updated;
  const found = driver.perform(getAffinity(value, value.cidr)) as Found<Affinity>;
  if (!(found instanceof CalicoError) && found.value.state === "confirmed") return found;
  return updated;
}

function claimBlock(
  driver: Datastore,
  env: Environment,
  affinity: Entry<Affinity>,
  reserved: HostReserved | null,
): Found<Block> {
  const { cidr } = affinity.value;
  const nowNs = env.nowNs();
  const claimTimeSeconds =
    env.release.reclaimEmptyBlocks === "never" ? null : Number(nowNs / 1_000_000_000n);
  const block = newBlock(cidr, ownerOf(affinity.value), reserved, nowNs, claimTimeSeconds);
  const created = driver.perform(createBlock(block)) as Found<Block>;
  if (!(created instanceof CalicoError)) {
    const confirmed = confirm(driver, affinity);
    return confirmed instanceof CalicoError ? confirmed : created;
  }
  if (created.kind !== "exists") return created;
  const found = driver.perform(getBlock(cidr)) as Found<Block>;
  if (found instanceof CalicoError) return found;
  if (found.value.isOwnedBy(affinity.value)) {
    const confirmed = confirm(driver, affinity);
    return confirmed instanceof CalicoError ? confirmed : found;
  }
  driver.perform(deleteAffinity(affinity));
  return claimConflict(found.value);
}

function fetchBlock(
  driver: Datastore,
  env: Environment,
  context: CallContext,
  affinity: Entry<Affinity>,
  reserved: HostReserved | null,
): Found<Block> {
  const { cidr, state } = affinity.value;
  const found = driver.perform(getBlock(cidr)) as Found<Block>;
  if (found instanceof CalicoError) {
    if (found.kind !== "notFound") return found;
    const pending = driver.perform(
      updateAffinity(affinity, {
        ...affinity.value,
        state: "pending",
      }),
    ) as Found<Affinity>;
    if (pending instanceof CalicoError) return pending;
    const config = readConfig(driver, env, context);
    if (config instanceof CalicoError) return config;
    return claimBlock(driver, env, pending, reserved);
  }
  if (!found.value.isOwnedBy(affinity.value)) {
    const deleted = driver.perform(deleteAffinity(affinity)) as Found<Affinity>;
    return deleted instanceof CalicoError ? deleted : STALE_AFFINITY;
  }
  if (state === "confirmed" || state === "") return found;
  return reconfirm(driver, affinity, found);
}

function reconfirm(
  driver: Datastore,
  affinity: Entry<Affinity>,
  block: Entry<Block>,
): Found<Block> {
  const pending = driver.perform(
    updateAffinity(affinity, {
      ...affinity.value,
      state: "pending",
    }),
  ) as Found<Affinity>;
  if (pending instanceof CalicoError) return pending;
  const updated = driver.perform(updateBlock(block, withNextSequence(block.value))) as Found<Block>;
  if (updated instanceof CalicoError) return updated;
  const confirmed = driver.perform(
    updateAffinity(pending, {
      ...pending.value,
      state: "confirmed",
    }),
  ) as Found<Affinity>;
  return confirmed instanceof CalicoError ? confirmed : updated;
}

function releaseAffinity(
  driver: Datastore,
  owner: AffinityOwner,
  cidr: Cidr,
  mustBeEmpty: boolean,
  expectedSequence: bigint | null = null,
): CalicoError | undefined {
  if (owner.host === "") return textError("Hostname must be specified to release block affinity");
  const affinity = driver.perform(getAffinity(owner, cidr)) as Found<Affinity>;
  if (affinity instanceof CalicoError) return affinity;
  const found = driver.perform(getBlock(cidr)) as Found<Block>;
  if (found instanceof CalicoError) return found;
  const block = found.value;
  if (expectedSequence !== null && block.sequenceNumber !== expectedSequence) {
    return textError("IPAM block updated since we last read it");
  }
  if (block.affinity !== null && !block.isOwnedBy(owner)) {
    driver.perform(deleteAffinity(affinity));
    return claimConflict(block);
  }
  if (mustBeEmpty && !isEmptyBlock(block)) {
    return new IpamError("blockNotEmpty", `block '${cidr.text}' is not empty`);
  }
  const leaving = driver.perform(
    updateAffinity(affinity, {
      ...affinity.value,
      state: "pendingDeletion",
    }),
  ) as Found<Affinity>;
  if (leaving instanceof CalicoError) return leaving;
  const written = driver.perform(
    isEmptyBlock(block) ? deleteBlock(found) : updateBlock(found, withoutAffinity(block)),
  ) as Found<Block>;
  if (written instanceof CalicoError) {
    if (written.kind !== "notFound" || !isEmptyBlock(block)) return written;
  }
  const deleted = driver.perform(deleteAffinity(leaving)) as Found<Affinity>;
  if (deleted instanceof CalicoError && deleted.kind !== "notFound") return deleted;
  return undefined;
}

function ownershipError(
  env: Environment,
  block: Block,
  owner: AffinityOwner,
): CalicoError | undefined {
  if (block.affinity === null) {
    return textError(`Attempt to assign from block ${block.cidr.text} with no affinity`);
  }
  if (block.isOwnedBy(owner)) return undefined;
  const shown = env.release.affinityTypes ? `${owner.host}:${owner.type}` : owner.host;
  return textError(
    `Block affinity (${affinityText(block.affinity)}) does not match provided (${shown})`,
  );
}

interface Pick {
  readonly ordinals: number[];
  readonly left: FreeList;
}

function pickOrdinals(block: Block, count: number, reserved: ReservedAddresses): Pick {
  const { unallocated, cidr } = block;
  if (reserved.isEmpty || !reserved.overlaps(cidr)) {
    return { ordinals: unallocated.first(count), left: unallocated.without(count) };
  }
  const ordinals: number[] = [];
  const left: number[] = [];
  for (const ordinal of unallocated) {
    if (ordinals.length < count && !reserved.has(cidr.addressAt(ordinal))) ordinals.push(ordinal);
    else left.push(ordinal);
  }
  return { ordinals, left: FreeList.of(left) };
}

function assignInBlock(
  driver: Datastore,
  env: Environment,
  entry: Entry<Block>,
  count: number,
  assignee: Assignee,
  mustOwn: boolean,
  reserved: ReservedAddresses,
): TakenAddresses | CalicoError {
  const block = entry.value;
  const { cidr } = block;
  if (mustOwn) {
    const refusal = ownershipError(env, block, assignee.owner);
    if (refusal !== undefined) return refusal;
  }
  const { ordinals, left } = pickOrdinals(block, count, reserved);
  if (ordinals.length === 0) return { block: cidr, ordinals };
  const handle = assignee.attribute.handle;
  if (handle !== null) {
    const error = incrementHandle(driver, handle, cidr, count);
    if (error !== undefined && env.release.handleIncrementError !== "ignored") {
      const wrapped = env.release.handleIncrementError === "stops, wrapped";
      return wrapped ? wrapError("failed to increment handle", error) : error;
    }
  }
  const assigned = withAllocated(block, ordinals, left, assignee.attribute);
  const written = driver.perform(updateBlock(entry, assigned)) as Found<Block>;
  if (!(written instanceof CalicoError)) return { block: cidr, ordinals };
  if (handle !== null) decrementHandle(driver, handle, cidr, count, cleanupContext(env));
  return written;
}

const DEFAULT_MAX_BLOCKS_PER_HOST = 20;

interface FamilyWish {
  readonly version: IpVersion;
  readonly count: number;
  readonly requested: readonly Cidr[];
  readonly hostReserved: HostReserved | null;
}

export function autoAssign(
  driver: Datastore,
  env: Environment,
  context: CallContext,
  args: AutoAssignArguments,
): AutoAssignResult {
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
    const error = family.run(driver);
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
    const error = family.run(driver);
    v6 = family.result();
    if (error !== undefined) return { v4, v6, error };
  }
  return { v4, v6, error: null };
}

function blockLimit(asked: number, configured: number): number {
  if (asked > 0 && configured > 0) return Math.min(asked, configured);
  return asked > 0 ? asked : configured > 0 ? configured : DEFAULT_MAX_BLOCKS_PER_HOST;
}

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

  run(driver: Datastore): CalicoError | undefined {
    const { env, context, args, wish } = this;
    if (args.use === "") {
      return textError("must specify the intended use when assigning an IP");
    }
    const reserved = reservedBy(driver.perform(listReservations()) as Listed<Reservation>);
    if (reserved instanceof CalicoError) return reserved;
    const prepared = prepareFamily(driver, env, wish.version, {
      owner: this.#owner,
      requested: wish.requested,
      use: args.use,
      hostReserved: wish.hostReserved,
      namespaceLabels: args.namespaceLabels,
    });
    if (prepared instanceof CalicoError) return prepared;
    const config = readConfig(driver, env, context);
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
    const error = this.#assignFromOwnBlocks(driver, search, limit, config.strictAffinity);
    if (error !== undefined) return error;
    if (!config.strictAffinity && this.#missing > 0) {
      this.#borrow(driver, prepared.pools, reserved);
    }
    return undefined;
  }

  #assignFromOwnBlocks(
    driver: Datastore,
    search: BlockSearch,
    limit: number,
    isStrict: boolean,
  ): CalicoError | undefined {
    let ownCount = search.ownBlocks.length;
    while (this.#missing > 0) {
      const mayClaim = ownCount < limit;
      const found = findOrClaim(driver, this.env, this.context, search, 1, mayClaim);
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
      this.#takeFromOwnBlock(driver, found.entry, search.reserved, isStrict);
    }
    return undefined;
  }

  #takeFromOwnBlock(
    driver: Datastore,
    first: Entry<Block>,
    reserved: ReservedAddresses,
    isStrict: boolean,
  ): void {
    let entry = first;
    for (let round = 0; round < DATASTORE_RETRIES; round++) {
      const taken = assignInBlock(
        driver,
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
      const again = driver.perform(getBlock(entry.value.cidr)) as Found<Block>;
      if (again instanceof CalicoError) return;
      entry = again;
    }
  }

  /** Takes addresses from whatever block has some, whoever owns it. */
  #borrow(driver: Datastore, pools: readonly PoolView[], reserved: ReservedAddresses): void {
    const walkedToTheEnd: string[] = [];
    for (const pool of pools) {
      const walk = pool.blocks.walk(this.#owner.host, this.env.nowNs);
      let cidr = walk.next();
      while (cidr !== undefined && this.#missing > 0) {
        if (!reserved.coversWhole(cidr)) this.#borrowFrom(driver, cidr, reserved);
        if (this.#missing > 0) cidr = walk.next();
      }
      if (this.#missing === 0) break;
      walkedToTheEnd.push(pool.cidr.text);
    }
    if (walkedToTheEnd.length > 0) {
      this.#note(`No IPs available in pools: [${walkedToTheEnd.join(" ")}]`);
    }
  }

  #borrowFrom(driver: Datastore, cidr: Cidr, reserved: ReservedAddresses): void {
    for (let round = 0; round < DATASTORE_RETRIES; round++) {
      const entry = driver.perform(getBlock(cidr)) as Found<Block>;
      if (entry instanceof CalicoError) return;
      const taken = assignInBlock(
        driver,
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

const CONFIG_ROUNDS = 4;

function readConfig(
  driver: Datastore,
  env: Environment,
  context: CallContext,
): IpamConfig | CalicoError {
  let config: IpamConfig | CalicoError | undefined = context.ended();
  if (config === undefined) {
    const found = driver.perform(getConfig()) as Found<IpamConfig>;
    if (!(found instanceof CalicoError)) config = found.value;
    else config = found.kind === "notFound" ? createOrReread(driver, env, context) : found;
  }
  if (config instanceof CalicoError) return config;
  if (context.windows && !config.strictAffinity) {
    return textError("global strict affinity should not be false for Windows node");
  }
  return config;
}

function createOrReread(
  driver: Datastore,
  env: Environment,
  context: CallContext,
): IpamConfig | CalicoError {
  for (let round = 0; round < CONFIG_ROUNDS; round++) {
    if (round > 0) {
      const ended = context.ended();
      if (ended !== undefined) return ended;
      const found = driver.perform(getConfig()) as Found<IpamConfig>;
      if (!(found instanceof CalicoError)) return found.value;
      if (found.kind !== "notFound") return found;
    }
    const defaults: IpamConfig = env.release.kubeVirtConfigField
      ? { ...DEFAULT_IPAM_CONFIG, kubeVirtVmAddressPersistence: "Enabled" }
      : DEFAULT_IPAM_CONFIG;
    const created = driver.perform(createConfig(defaults)) as Found<IpamConfig>;
    if (!(created instanceof CalicoError)) return created.value;
    if (created.kind !== "exists") return created;
  }
  return textError("failed to get ipam config after 5 retries");
}

function ensureConsistentAffinity(
  driver: Datastore,
  env: Environment,
  block: Block,
): CalicoError | undefined {
  const owner = block.affinity;
  if (owner?.type !== "host") return undefined;
  const node = driver.perform(getNode(owner.host)) as Found<Node>;
  if (node instanceof CalicoError) return node.kind === "notFound" ? undefined : node;
  const pools = poolsOf(env, driver.perform(listPools(poolListContext(env))) as Listed<Pool>);
  if (pools instanceof CalicoError) return pools;
  const pool = poolContaining(enabledPools(pools, block.cidr.version), block.cidr.base);
  if (pool === undefined) return undefined;
  const selected = pool.selectsNode(node.value);
  if (selected instanceof CalicoError) return selected;
  if (selected) return undefined;
  const error = releaseAffinity(driver, owner, block.cidr, true);
  return error === undefined || isNothingToRelease(error) ? undefined : error;
}

const LOAD_BALANCER_NODE: Node = { name: "load-balancer", labels: {} };

function cidrOf({ value }: Entry<Affinity>): Cidr {
  return value.cidr;
}

function prepareFamily(
  driver: Datastore,
  env: Environment,
  version: IpVersion,
  wish: PoolWish,
): Preparation | CalicoError {
  const { owner } = wish;
  let node = LOAD_BALANCER_NODE;
  if (owner.type === "host") {
    const found = driver.perform(getNode(owner.host)) as Found<Node>;
    if (found instanceof CalicoError) return found;
    node = found.value;
  }
  const longest = longestPrefix(version, wish.hostReserved);
  if (longest instanceof CalicoError) return longest;
  const pools = poolsOf(env, driver.perform(listPools(poolListContext(env))) as Listed<Pool>);
  if (pools instanceof CalicoError) return pools;
  const enabled = enabledPools(pools, version);
  const choice = choosePools(env, enabled, longest, node, wish);
  if (choice instanceof CalicoError) return choice;
  const affinities = driver.perform(listAffinities(owner, version)) as Listed<Entry<Affinity>>;
  if (affinities instanceof CalicoError) return affinities;
  const { selected, usable } = choice;
  for (const { value } of affinities) {
    if (poolContaining(selected, value.cidr.base) !== undefined) continue;
    const error = giveUpUnselected(driver, enabled, node, wish, value.cidr);
    if (error !== undefined) return error;
  }
  const blocks = affinities.map(cidrOf);
  const isUsable = (cidr: Cidr) => poolContaining(usable, cidr.base) !== undefined;
  return { pools: usable, ownBlocks: blocks.every(isUsable) ? blocks : blocks.filter(isUsable) };
}

function giveUpUnselected(
  driver: Datastore,
  enabled: readonly PoolView[],
  node: Node,
  wish: PoolWish,
  cidr: Cidr,
): CalicoError | undefined {
  const pool = poolContaining(enabled, cidr.base);
  if (pool === undefined) return undefined;
  const selected = pool.selectsNode(node);
  if (selected instanceof CalicoError) return selected;
  if (selected) return undefined;
  for (let round = 0; round < DATASTORE_RETRIES; round++) {
    const error = releaseAffinity(driver, wish.owner, cidr, true);
    if (error === undefined || isNothingToRelease(error)) return undefined;
  }
  return undefined;
}

const RECLAIM_MIN_AGE_SECONDS = 60;

const NOBODY: AffinityOwner = { type: "host", host: "" };

const BLOCK_LIMIT = new IpamError(
  "blockLimit",
  "cannot allocate new block due to per host block limit",
);

function findOrClaim(
  driver: Datastore,
  env: Environment,
  context: CallContext,
  search: BlockSearch,
  minimum: number,
  mayClaim: boolean,
): FoundBlock | CalicoError {
  const own = nextOwnBlock(driver, env, context, search, minimum);
  if (own !== undefined) return { entry: own, isNew: false };
  if (!mayClaim) return BLOCK_LIMIT;
  const config = readConfig(driver, env, context);
  if (config instanceof CalicoError) return config;
  if (!config.autoAllocateBlocks) return textError("failed to find or claim a block");
  const claimed = claimNewBlock(driver, env, context, search);
  if (claimed instanceof CalicoError) return claimed;
  const free = freeCount(claimed.value, search.reserved);
  if (free >= minimum) return { entry: claimed, isNew: true };
  return textError(
    `Block '${claimed.value.cidr.text}' has ${free} free ips which is less than ` +
      `${minimum} ips required.`,
  );
}

function nextOwnBlock(
  driver: Datastore,
  env: Environment,
  context: CallContext,
  search: BlockSearch,
  minimum: number,
): Entry<Block> | undefined {
  for (;;) {
    const cidr = search.ownBlocks.shift();
    if (cidr === undefined) return undefined;
    if (search.reserved.coversWhole(cidr)) continue;
    for (let round = 0; round < DATASTORE_RETRIES; round++) {
      const affinity = driver.perform(getAffinity(search.owner, cidr)) as Found<Affinity>;
      if (affinity instanceof CalicoError) break;
      const block = fetchBlock(driver, env, context, affinity, search.hostReserved);
      if (block instanceof CalicoError) {
        if (block.kind === "conflict") continue;
        break;
      }
      if (freeCount(block.value, search.reserved) >= minimum) return block;
      break;
    }
  }
}

function claimNewBlock(
  driver: Datastore,
  env: Environment,
  context: CallContext,
  search: BlockSearch,
): Found<Block> {
  for (let round = 0; round < DATASTORE_RETRIES; round++) {
    const cidr = findUsable(driver, env, context, search);
    if (cidr instanceof CalicoError) return cidr;
    const block = tryClaim(driver, env, context, search, cidr);
    if (!(block instanceof CalicoError)) return block;
    if (
      block.kind !== "conflict" &&
      block.kind !== "claimConflict" &&
      block.kind !== "staleAffinity"
    ) {
      return block;
    }
  }
  return textError(MAX_RETRIES_TEXT);
}

function tryClaim(
  driver: Datastore,
  env: Environment,
  context: CallContext,
  search: BlockSearch,
  cidr: Cidr,
): Found<Block> {
  let last: CalicoError | undefined;
  for (let attempt = 0; attempt < DATASTORE_RETRIES; attempt++) {
    const affinity = claimPending(driver, search.owner, cidr);
    if (affinity instanceof CalicoError) {
      if (affinity.kind !== "conflict") return affinity;
      last = affinity;
      continue;
    }
    const block = fetchBlock(driver, env, context, affinity, search.hostReserved);
    if (!(block instanceof CalicoError) || block.kind !== "conflict") return block;
    last = block;
  }
  return last!;
}

function findUsable(
  driver: Datastore,
  env: Environment,
  context: CallContext,
  search: BlockSearch,
): Cidr | CalicoError {
  const listed = driver.perform(listBlocks(0)) as BlockListing | CalicoError;
  if (listed instanceof CalicoError) return listed;
  const emptyBlocks: Block[] = [];
  for (const pool of search.pools) {
    const walk = pool.blocks.walk(search.owner.host, env.nowNs);
    for (let cidr = walk.next(); cidr !== undefined; cidr = walk.next()) {
      if (search.reserved.coversWhole(cidr)) continue;
      const block = listed.lookup(cidr)?.value;
      if (block === undefined) return cidr;
      const free = freeCount(block, search.reserved);
      if (free === 0) continue;
      if (block.isOwnedBy(search.owner)) return cidr;
      if (isEmptyBlock(block)) emptyBlocks.push(block);
    }
  }
  if (env.release.reclaimEmptyBlocks !== "never") {
    const reclaimed = reclaimFirst(driver, env, context, emptyBlocks);
    if (reclaimed !== undefined) return reclaimed;
  }
  return new IpamError("noFreeBlocks", "No Free Blocks");
}

function reclaimFirst(
  driver: Datastore,
  env: Environment,
  context: CallContext,
  candidates: readonly Block[],
): Cidr | CalicoError | undefined {
  for (const block of candidates) {
    if (block.claimTimeSeconds !== null) {
      const ageNs = env.nowNs() - BigInt(block.claimTimeSeconds) * 1_000_000_000n;
      if (ageNs < BigInt(RECLAIM_MIN_AGE_SECONDS) * 1_000_000_000n) continue;
    }
    const owner = block.affinity ?? NOBODY;
    const error = releaseAffinity(driver, owner, block.cidr, true, block.sequenceNumber);
    if (error === undefined) return block.cidr;
    const ended = context.ended();
    if (ended !== undefined) return ended;
  }
  return undefined;
}

function incrementHandle(
  driver: Datastore,
  id: string,
  cidr: Cidr,
  more: number,
): CalicoError | undefined {
  for (let round = 0; round < DATASTORE_RETRIES; round++) {
    const found = driver.perform(getHandle(id, "caller")) as Found<Handle>;
    if (found instanceof CalicoError && found.kind !== "notFound") return found;
    const written = driver.perform(
      found instanceof CalicoError
        ? createHandle({ id, blocks: [{ cidr, count: more }] })
        : updateHandle(found, withMore(found.value, cidr, more), "caller"),
    ) as Found<Handle>;
    if (!(written instanceof CalicoError)) return undefined;
  }
  return textError(MAX_RETRIES_TEXT);
}

function decrementHandle(
  driver: Datastore,
  id: string,
  cidr: Cidr,
  fewer: number,
  context: RequestContext,
  cached?: Entry<Handle>,
): CalicoError | undefined {
  for (let round = 0; round < DATASTORE_RETRIES; round++) {
    let found: Found<Handle>;
    if (round === 0 && cached !== undefined) found = cached;
    else found = driver.perform(getHandle(id, context)) as Found<Handle>;
    if (found instanceof CalicoError) return found;
    const held = handleCount(found.value, cidr);
    if (held === 0) {
      return textError(
        `Tried to decrement block ${cidr.text} by ${fewer} but it isn't linked to handle ${id}`,
      );
    }
    if (held < fewer) {
      return textError(
        `Tried to decrement block ${cidr.text} by ${fewer} but it only has ${held} addresses ` +
          `on handle ${id}`,
      );
    }
    const isLast = held === fewer && found.value.blocks.length === 1;
    const written = driver.perform(
      isLast
        ? deleteHandle(found, context)
        : updateHandle(found, withFewer(found.value, cidr, fewer), context),
    ) as Found<Handle>;
    if (!(written instanceof CalicoError)) return undefined;
    if (isLast && written.kind === "notFound") return undefined;
    if (written.kind !== "conflict") return written;
  }
  return textError(MAX_RETRIES_TEXT);
}

const LOAD_BALANCER: AffinityOwner = { type: "virtual", host: "load-balancer" };

export function releaseByHandle(
  driver: Datastore,
  env: Environment,
  id: string,
): CalicoError | undefined {
  const handle = sanitiseHandle(id);
  const found = driver.perform(getHandle(handle, "caller")) as Found<Handle>;
  if (found instanceof CalicoError) return found;
  for (const { cidr } of env.mapOrder(found.value.blocks, (block) => block.cidr.text)) {
    const error = releaseFromBlock(driver, env, handle, cidr);
    if (error !== undefined) return error;
  }
  return undefined;
}

function releaseFromBlock(
  driver: Datastore,
  env: Environment,
  handle: string,
  cidr: Cidr,
): CalicoError | undefined {
  for (let round = 0; round < DATASTORE_RETRIES; round++) {
    const found = driver.perform(getBlock(cidr)) as Found<Block>;
    if (found instanceof CalicoError) return found.kind === "notFound" ? undefined : found;
    const ordinals = found.value.allocations.ordinalsOf(handle);
    if (ordinals.length === 0) return undefined;
    const after = withHandleReleased(found.value, ordinals);
    const isGone = after.affinity === null && isEmptyBlock(after);
    const written = driver.perform(
      isGone ? deleteBlock(found) : updateBlock(found, after),
    ) as Found<Block>;
    if (written instanceof CalicoError) {
      if (written.kind === "conflict") continue;
      if (!isGone || written.kind !== "notFound") return written;
    }
    decrementHandle(driver, handle, cidr, ordinals.length, "caller");
    ensureConsistentAffinity(driver, env, after);
    return undefined;
  }
  if (env.release.releaseByHandleLoadBalancerCleanup) {
    const outcome = removeLoadBalancerBlock(driver, cidr);
    if (outcome !== "not removed") return outcome;
  }
  return textError("Hit max retries");
}

function removeLoadBalancerBlock(
  driver: Datastore,
  cidr: Cidr,
): CalicoError | "not removed" | undefined {
  for (let round = 0; round < DATASTORE_RETRIES; round++) {
    const found = driver.perform(getBlock(cidr)) as Found<Block>;
    if (found instanceof CalicoError) return found.kind === "notFound" ? undefined : found;
    const block = found.value;
    if (block.affinity === null) return textError(`panic: block ${cidr.text} has no affinity`);
    if (block.isOwnedBy(LOAD_BALANCER) && isEmptyBlock(block)) driver.perform(deleteBlock(found));
  }
  return "not removed";
}
