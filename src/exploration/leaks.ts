import type { MemoryDatastore } from "../datastore/memory.js";
import { InvariantViolation } from "../failure/failure.js";
import { type Affinity, affinityText, sameOwner } from "../model/affinity.js";
import { type Block, isEmptyBlock, WINDOWS_RESERVED_HANDLE } from "../model/block.js";
import { formatAddress } from "../model/address.js";

/**
 * Everything that operations may leave behind, with what it means. The list is closed: a state that
 * differs from a clean one in another way is a defect of ipamlab. A block's own affinity field is
 * the truth of who owns it; affinity objects and handle objects are bookkeeping beside it.
 */
export const LEAK_KINDS = {
  "handle-without-address": "a handle counts more addresses in a block than the block holds for it",
  "address-without-handle":
    "a block holds an address for a handle whose object is missing or counts too few",
  "address-unknown-to-caller":
    "an address is assigned, but the operation that assigned it did not tell its caller",
  "pending-affinity-without-block": "a claim was begun and its block never came to be, or is gone",
  "pending-affinity-on-own-block": "the block is claimed, its affinity was not confirmed",
  "pending-affinity-on-foreign-block": "a begun claim of a block that others own, or nobody",
  "pendingDeletion-affinity-without-block":
    "the block was given up and deleted, its affinity stayed",
  "pendingDeletion-affinity-on-own-block":
    "giving up a block stopped half-way: its host still owns it",
  "pendingDeletion-affinity-on-foreign-block":
    "the block was given up (others own it, or nobody), its affinity stayed",
  "confirmed-affinity-without-block": "a confirmed affinity of a block that does not exist",
  "confirmed-affinity-of-foreign-block":
    "a confirmed affinity of a block that others own, or nobody",
  "block-without-affinity-object": "a block names an owner that has no affinity object for it",
  "empty-block-without-owner": "a block that nobody owns and that holds nothing was not deleted",
} as const;

export type LeakKind = keyof typeof LEAK_KINDS;

/** All kinds, in the order in which they are printed. */
export const leakKinds = Object.keys(LEAK_KINDS) as readonly LeakKind[];

/** One thing left behind. */
export interface Leak {
  readonly kind: LeakKind;
  /** Which object, for instance `affinity host:node-0 10.0.0.0/30`, and how it differs. */
  readonly subject: string;
}

function unknown(detail: string): never {
  throw new InvariantViolation("every deviation from a clean state is of a known kind", detail);
}

/** Addresses that the block holds, by handle id; those without handle and Windows' own left out. */
function heldByHandle(block: Block): Map<string, number> {
  const held = new Map<string, number>();
  for (let ordinal = 0; ordinal < block.cidr.size; ordinal++) {
    const handle = block.attributeOf(ordinal)?.handle ?? null;
    if (handle === null || handle === WINDOWS_RESERVED_HANDLE) continue;
    held.set(handle, (held.get(handle) ?? 0) + 1);
  }
  return held;
}

function handleLeaks(datastore: MemoryDatastore): Leak[] {
  const leaks: Leak[] = [];
  const held = new Map<string, Map<string, number>>();
  for (const { value } of datastore.listBlocks()) held.set(value.cidr.text, heldByHandle(value));
  for (const { value: handle } of datastore.listHandles()) {
    if (handle.blocks.length === 0) unknown(`handle ${handle.id} has no block`);
    for (const { cidr, count } of handle.blocks) {
      if (!(count > 0)) unknown(`handle ${handle.id} counts ${count} in ${cidr.text}`);
      const holds = held.get(cidr.text)?.get(handle.id) ?? 0;
      held.get(cidr.text)?.delete(handle.id);
      if (count === holds) continue;
      const kind = count > holds ? "handle-without-address" : "address-without-handle";
      const subject = `handle ${handle.id} counts ${count} in ${cidr.text}, the block holds ${holds}`;
      leaks.push({ kind, subject });
    }
  }
  for (const [cidr, handles] of held) {
    for (const [handle, holds] of handles) {
      const subject = `handle ${handle} counts 0 in ${cidr}, the block holds ${holds}`;
      leaks.push({ kind: "address-without-handle", subject });
    }
  }
  return leaks;
}

type BlockOfAffinity = "none" | "own" | "foreign";

const AFFINITY_LEAKS: Readonly<
  Record<"pending" | "confirmed" | "pendingDeletion", Record<BlockOfAffinity, LeakKind | undefined>>
> = {
  pending: {
    none: "pending-affinity-without-block",
    own: "pending-affinity-on-own-block",
    foreign: "pending-affinity-on-foreign-block",
  },
  confirmed: {
    none: "confirmed-affinity-without-block",
    own: undefined,
    foreign: "confirmed-affinity-of-foreign-block",
  },
  pendingDeletion: {
    none: "pendingDeletion-affinity-without-block",
    own: "pendingDeletion-affinity-on-own-block",
    foreign: "pendingDeletion-affinity-on-foreign-block",
  },
};

function affinityLeak(affinity: Affinity, block: Block | undefined): Leak | undefined {
  const named = `affinity ${affinityText(affinity)} ${affinity.cidr.text}`;
  if (affinity.state === "") unknown(`${named} has no state`);
  const own = block?.isOwnedBy(affinity) === true;
  const relation: BlockOfAffinity = block === undefined ? "none" : own ? "own" : "foreign";
  const kind = AFFINITY_LEAKS[affinity.state][relation];
  if (kind === undefined) return undefined;
  const owner =
    block === undefined
      ? "there is no block"
      : `the block is of ${block.affinity === null ? "nobody" : affinityText(block.affinity)}`;
  return { kind, subject: `${named} is ${affinity.state}, ${owner}` };
}

function affinityLeaks(datastore: MemoryDatastore): Leak[] {
  const leaks: Leak[] = [];
  const affinities = datastore.listAffinities().map((entry) => entry.value);
  for (const affinity of affinities) {
    const leak = affinityLeak(affinity, datastore.block(affinity.cidr));
    if (leak !== undefined) leaks.push(leak);
  }
  for (const { value: block } of datastore.listBlocks()) {
    const { cidr, affinity: owner } = block;
    if (owner === null) {
      const kind = "empty-block-without-owner";
      if (isEmptyBlock(block)) leaks.push({ kind, subject: `block ${cidr.text}` });
      continue;
    }
    const hasObject = affinities.some(
      (affinity) => affinity.cidr.text === cidr.text && sameOwner(affinity, owner),
    );
    const subject = `block ${cidr.text} names ${affinityText(owner)}`;
    if (!hasObject) leaks.push({ kind: "block-without-affinity-object", subject });
  }
  return leaks;
}

function unknownAddresses(
  datastore: MemoryDatastore,
  isHeld: (address: string) => boolean,
): Leak[] {
  const leaks: Leak[] = [];
  for (const { value: block } of datastore.listBlocks()) {
    for (let ordinal = 0; ordinal < block.cidr.size; ordinal++) {
      const attribute = block.attributeOf(ordinal);
      if (attribute === undefined || attribute.handle === WINDOWS_RESERVED_HANDLE) continue;
      const address = formatAddress(block.cidr.addressAt(ordinal));
      if (isHeld(address)) continue;
      const subject = `${address} is assigned to ${attribute.handle ?? "no handle"}`;
      leaks.push({ kind: "address-unknown-to-caller", subject });
    }
  }
  return leaks;
}

/**
 * Everything in the datastore that differs from a clean state, when no operation is under way.
 *
 * @param isHeld whether a caller was told that it has this address.
 * @throws InvariantViolation for a deviation that is of no known kind.
 */
export function findLeaks(
  datastore: MemoryDatastore,
  isHeld: (address: string) => boolean,
): readonly Leak[] {
  return [
    ...handleLeaks(datastore),
    ...unknownAddresses(datastore, isHeld),
    ...affinityLeaks(datastore),
  ];
}
