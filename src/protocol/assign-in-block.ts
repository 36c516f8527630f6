import { updateBlock } from "../datastore/request.js";
import type { Entry, Found } from "../datastore/response.js";
import { type AffinityOwner, affinityText } from "../model/affinity.js";
import type { Attribute } from "../model/attribute.js";
import { type Block, withAllocated } from "../model/block.js";
import { CalicoError, textError, wrapError } from "../model/calico-error.js";
import type { Cidr } from "../model/cidr.js";
import { FreeList } from "../model/free-list.js";
import type { ReservedAddresses } from "../model/reservation.js";
import type { Environment, Steps } from "./environment.js";
import { cleanupContext, decrementHandle, incrementHandle } from "./handle-count.js";

/** Addresses of one block, by ordinal in the order in which they were taken. */
export interface TakenAddresses {
  readonly block: Cidr;
  readonly ordinals: readonly number[];
}

/** Who asks for addresses, and what is stored with them. */
export interface Assignee {
  readonly owner: AffinityOwner;
  readonly attribute: Attribute;
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

/** The first free ordinals that are not reserved; reserved ones keep their place in the list. */
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

/**
 * Takes up to `count` addresses from a block: counts the handle up by the number asked for (not the
 * number found), then writes the block (`assignFromExistingBlock`, libcalico-go/lib/ipam/ipam.go@v3.28.4).
 *
 * @param mustOwn refuse a block of another host or of none (strict affinity).
 */
export function* assignInBlock(
  env: Environment,
  entry: Entry<Block>,
  count: number,
  assignee: Assignee,
  mustOwn: boolean,
  reserved: ReservedAddresses,
): Steps<TakenAddresses | CalicoError> {
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
    const error = yield* incrementHandle(handle, cidr, count);
    if (error !== undefined && env.release.handleIncrementError !== "ignored") {
      const wrapped = env.release.handleIncrementError === "stops, wrapped";
      return wrapped ? wrapError("failed to increment handle", error) : error;
    }
  }
  const assigned = withAllocated(block, ordinals, left, assignee.attribute);
  const written = (yield updateBlock(entry, assigned)) as Found<Block>;
  if (!(written instanceof CalicoError)) return { block: cidr, ordinals };
  if (handle !== null) yield* decrementHandle(handle, cidr, count, cleanupContext(env));
  return written;
}
