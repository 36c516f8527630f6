import {
  deleteAffinity,
  deleteBlock,
  getAffinity,
  getBlock,
  updateAffinity,
  updateBlock,
} from "../datastore/request.js";
import type { Found } from "../datastore/response.js";
import type { Affinity, AffinityOwner } from "../model/affinity.js";
import { type Block, isEmptyBlock, withoutAffinity } from "../model/block.js";
import { CalicoError, IpamError, textError } from "../model/calico-error.js";
import type { Cidr } from "../model/cidr.js";
import { claimConflict } from "./affinity-claim.js";
import type { Steps } from "./environment.js";

/** Errors of `releaseAffinity` that mean that there is nothing left to do. */
export function isNothingToRelease(error: CalicoError): boolean {
  return (
    error.kind === "claimConflict" || error.kind === "blockNotEmpty" || error.kind === "notFound"
  );
}

/**
 * Gives up a host's claim of a block: an empty block is deleted, another one stays without owner
 * (`releaseBlockAffinity`, libcalico-go/lib/ipam/ipam_block_reader_writer.go@v3.28.4). Nothing is
 * undone on failure: the affinity stays `pendingDeletion`.
 *
 * @param expectedSequence the block's sequence number when it was chosen (since v3.32.0), or null.
 * @returns the error, or undefined when the claim is gone.
 */
export function* releaseAffinity(
  owner: AffinityOwner,
  cidr: Cidr,
  mustBeEmpty: boolean,
  expectedSequence: bigint | null = null,
): Steps<CalicoError | undefined> {
  if (owner.host === "") return textError("Hostname must be specified to release block affinity");
  const affinity = (yield getAffinity(owner, cidr)) as Found<Affinity>;
  if (affinity instanceof CalicoError) return affinity;
  const found = (yield getBlock(cidr)) as Found<Block>;
  if (found instanceof CalicoError) return found;
  const block = found.value;
  if (expectedSequence !== null && block.sequenceNumber !== expectedSequence) {
    return textError("IPAM block updated since we last read it");
  }
  if (block.affinity !== null && !block.isOwnedBy(owner)) {
    yield deleteAffinity(affinity);
    return claimConflict(block);
  }
  if (mustBeEmpty && !isEmptyBlock(block)) {
    return new IpamError("blockNotEmpty", `block '${cidr.text}' is not empty`);
  }
  const leaving = (yield updateAffinity(affinity, {
    ...affinity.value,
    state: "pendingDeletion",
  })) as Found<Affinity>;
  if (leaving instanceof CalicoError) return leaving;
  const written = (yield isEmptyBlock(block)
    ? deleteBlock(found)
    : updateBlock(found, withoutAffinity(block))) as Found<Block>;
  if (written instanceof CalicoError) {
    if (written.kind !== "notFound" || !isEmptyBlock(block)) return written;
  }
  const deleted = (yield deleteAffinity(leaving)) as Found<Affinity>;
  if (deleted instanceof CalicoError && deleted.kind !== "notFound") return deleted;
  return undefined;
}
