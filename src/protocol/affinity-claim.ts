import {
  createAffinity,
  createBlock,
  deleteAffinity,
  getAffinity,
  getBlock,
  updateAffinity,
  updateBlock,
} from "../datastore/request.js";
import type { Entry, Found } from "../datastore/response.js";
import { type Affinity, type AffinityOwner, affinityText, ownerOf } from "../model/affinity.js";
import { type Block, type HostReserved, newBlock, withNextSequence } from "../model/block.js";
import { CalicoError, IpamError } from "../model/calico-error.js";
import type { Cidr } from "../model/cidr.js";
import { readConfig } from "./config.js";
import type { CallContext, Environment, Steps } from "./environment.js";

/** A block that belongs to somebody else, or to nobody. */
export function claimConflict(block: Block): IpamError {
  const by = block.affinity === null ? "" : ` by ${affinityText(block.affinity)}`;
  return new IpamError("claimConflict", `${block.cidr.text} already claimed${by}`);
}

/** The error that tells AutoAssign to look for another block; it never reaches a caller. */
const STALE_AFFINITY = new IpamError("staleAffinity", "affinity is stale");

/**
 * First phase of a claim: the affinity exists, as `pending` unless it is confirmed already
 * (`getPendingAffinity`, libcalico-go/lib/ipam/ipam_block_reader_writer.go@v3.28.4).
 */
export function* claimPending(owner: AffinityOwner, cidr: Cidr): Steps<Found<Affinity>> {
  const wish: Affinity = { type: owner.type, host: owner.host, cidr, state: "pending" };
  const created = (yield createAffinity(wish)) as Found<Affinity>;
  if (!(created instanceof CalicoError) || created.kind !== "exists") return created;
  const found = (yield getAffinity(owner, cidr)) as Found<Affinity>;
  if (found instanceof CalicoError) return found;
  if (found.value.state === "confirmed") return found;
  return (yield updateAffinity(found, { ...found.value, state: "pending" })) as Found<Affinity>;
}

/** Last phase of a claim (`confirmAffinity`): the affinity is confirmed, by us or by another client. */
function* confirm(entry: Entry<Affinity>): Steps<Found<Affinity>> {
  const { value } = entry;
  const updated = (yield updateAffinity(entry, {
    ...value,
    state: "confirmed",
  })) as Found<Affinity>;
  if (!(updated instanceof CalicoError)) return updated;
  const found = (yield getAffinity(value, value.cidr)) as Found<Affinity>;
  if (!(found instanceof CalicoError) && found.value.state === "confirmed") return found;
  return updated;
}

/**
 * Second phase of a claim: the block itself is created with our affinity, or turns out to be ours
 * (`claimAffineBlock`). Losing the race deletes our affinity and gives a claim conflict.
 */
export function* claimBlock(
  env: Environment,
  affinity: Entry<Affinity>,
  reserved: HostReserved | null,
): Steps<Found<Block>> {
  const { cidr } = affinity.value;
  const nowNs = env.nowNs();
  const claimTimeSeconds =
    env.release.reclaimEmptyBlocks === "never" ? null : Number(nowNs / 1_000_000_000n);
  const block = newBlock(cidr, ownerOf(affinity.value), reserved, nowNs, claimTimeSeconds);
  const created = (yield createBlock(block)) as Found<Block>;
  if (!(created instanceof CalicoError)) {
    const confirmed = yield* confirm(affinity);
    return confirmed instanceof CalicoError ? confirmed : created;
  }
  if (created.kind !== "exists") return created;
  const found = (yield getBlock(cidr)) as Found<Block>;
  if (found instanceof CalicoError) return found;
  if (found.value.isOwnedBy(affinity.value)) {
    const confirmed = yield* confirm(affinity);
    return confirmed instanceof CalicoError ? confirmed : found;
  }
  yield deleteAffinity(affinity);
  return claimConflict(found.value);
}

/**
 * The block behind an affinity, claimed if it does not exist yet, and made sure to be ours
 * (`getBlockFromAffinity`, libcalico-go/lib/ipam/ipam.go@v3.28.4).
 */
export function* fetchBlock(
  env: Environment,
  context: CallContext,
  affinity: Entry<Affinity>,
  reserved: HostReserved | null,
): Steps<Found<Block>> {
  const { cidr, state } = affinity.value;
  const found = (yield getBlock(cidr)) as Found<Block>;
  if (found instanceof CalicoError) {
    if (found.kind !== "notFound") return found;
    const pending = (yield updateAffinity(affinity, {
      ...affinity.value,
      state: "pending",
    })) as Found<Affinity>;
    if (pending instanceof CalicoError) return pending;
    const config = yield* readConfig(env, context);
    if (config instanceof CalicoError) return config;
    return yield* claimBlock(env, pending, reserved);
  }
  if (!found.value.isOwnedBy(affinity.value)) {
    const deleted = (yield deleteAffinity(affinity)) as Found<Affinity>;
    return deleted instanceof CalicoError ? deleted : STALE_AFFINITY;
  }
  if (state === "confirmed" || state === "") return found;
  return yield* reconfirm(affinity, found);
}

/** Takes our own block through pending again, so that a release in progress loses. */
function* reconfirm(affinity: Entry<Affinity>, block: Entry<Block>): Steps<Found<Block>> {
  const pending = (yield updateAffinity(affinity, {
    ...affinity.value,
    state: "pending",
  })) as Found<Affinity>;
  if (pending instanceof CalicoError) return pending;
  const updated = (yield updateBlock(block, withNextSequence(block.value))) as Found<Block>;
  if (updated instanceof CalicoError) return updated;
  const confirmed = (yield updateAffinity(pending, {
    ...pending.value,
    state: "confirmed",
  })) as Found<Affinity>;
  return confirmed instanceof CalicoError ? confirmed : updated;
}
