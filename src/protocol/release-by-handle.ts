import { deleteBlock, getBlock, getHandle, updateBlock } from "../datastore/request.js";
import type { Found } from "../datastore/response.js";
import type { AffinityOwner } from "../model/affinity.js";
import { type Block, isEmptyBlock, withHandleReleased } from "../model/block.js";
import { CalicoError, textError } from "../model/calico-error.js";
import type { Cidr } from "../model/cidr.js";
import { type Handle, sanitiseHandle } from "../model/handle.js";
import { ensureConsistentAffinity } from "./consistency.js";
import { DATASTORE_RETRIES, type Environment, type Steps } from "./environment.js";
import { decrementHandle } from "./handle-count.js";

/** Owner of blocks that v3.30.0 and later hold for load balancers. */
const LOAD_BALANCER: AffinityOwner = { type: "virtual", host: "load-balancer" };

/**
 * Releases every address of a handle (`ReleaseByHandle`, libcalico-go/lib/ipam/ipam.go@v3.28.4).
 * "Does not exist" is the normal answer when there is nothing to release.
 *
 * @returns the error, or undefined when nothing of the handle is left.
 */
export function* releaseByHandle(env: Environment, id: string): Steps<CalicoError | undefined> {
  const handle = sanitiseHandle(id);
  const found = (yield getHandle(handle, "caller")) as Found<Handle>;
  if (found instanceof CalicoError) return found;
  for (const { cidr } of env.mapOrder(found.value.blocks, (block) => block.cidr.text)) {
    const error = yield* releaseFromBlock(env, handle, cidr);
    if (error !== undefined) return error;
  }
  return undefined;
}

function* releaseFromBlock(
  env: Environment,
  handle: string,
  cidr: Cidr,
): Steps<CalicoError | undefined> {
  for (let round = 0; round < DATASTORE_RETRIES; round++) {
    const found = (yield getBlock(cidr)) as Found<Block>;
    if (found instanceof CalicoError) return found.kind === "notFound" ? undefined : found;
    const ordinals = found.value.allocations.ordinalsOf(handle);
    if (ordinals.length === 0) return undefined;
    const after = withHandleReleased(found.value, ordinals);
    const isGone = after.affinity === null && isEmptyBlock(after);
    const written = (yield isGone ? deleteBlock(found) : updateBlock(found, after)) as Found<Block>;
    if (written instanceof CalicoError) {
      if (written.kind === "conflict") continue;
      if (!isGone || written.kind !== "notFound") return written;
    }
    yield* decrementHandle(handle, cidr, ordinals.length, "caller");
    yield* ensureConsistentAffinity(env, after);
    return undefined;
  }
  if (env.release.releaseByHandleLoadBalancerCleanup) {
    const outcome = yield* removeLoadBalancerBlock(cidr);
    if (outcome !== "not removed") return outcome;
  }
  return textError("Hit max retries");
}

/** Second loop of v3.30.0 and later, entered only when the first one ran out of retries. */
function* removeLoadBalancerBlock(cidr: Cidr): Steps<CalicoError | "not removed" | undefined> {
  for (let round = 0; round < DATASTORE_RETRIES; round++) {
    const found = (yield getBlock(cidr)) as Found<Block>;
    if (found instanceof CalicoError) return found.kind === "notFound" ? undefined : found;
    const block = found.value;
    if (block.affinity === null) return textError(`panic: block ${cidr.text} has no affinity`);
    if (block.isOwnedBy(LOAD_BALANCER) && isEmptyBlock(block)) yield deleteBlock(found);
  }
  return "not removed";
}
