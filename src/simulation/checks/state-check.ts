import type { MemoryDatastore } from "../../datastore/memory.js";
import { InvariantViolation } from "../../failure/failure.js";
import { affinityText } from "../../model/affinity.js";
import type { Block } from "../../model/block.js";

/** Handle counts that differ from the allocations; faults and conflicts leave such leaks. */
export interface HandleLeaks {
  /** Handles that count addresses which no block holds for them. */
  readonly overstated: number;
  /** Allocations whose handle object is missing or counts too few. */
  readonly understated: number;
}

/** The free list and the allocations partition the block's ordinals. */
function checkPartition(block: Block): void {
  const { unallocated } = block;
  const seen = new Uint8Array(block.size);
  for (const ordinal of unallocated) {
    if (seen[ordinal] !== 0) {
      const detail = `${block.cidr.text}: ordinal ${ordinal} is twice in the free list, or not in the block`;
      throw new InvariantViolation("free list and allocations partition the block", detail);
    }
    seen[ordinal] = 1;
  }
  for (let ordinal = 0; ordinal < block.size; ordinal++) {
    const isFree = !block.isAllocated(ordinal);
    if (isFree !== (seen[ordinal] === 1)) {
      const where = isFree ? "free but not in the free list" : "allocated and in the free list";
      const detail = `${block.cidr.text}: ordinal ${ordinal} is ${where}`;
      throw new InvariantViolation("free list and allocations partition the block", detail);
    }
  }
}

/** At most one confirmed affinity a block, and it is the one that the block names. */
function checkOwners(datastore: MemoryDatastore): void {
  const owners = new Map<string, string>();
  for (const { value } of datastore.listAffinities()) {
    if (value.state !== "confirmed") continue;
    const owner = affinityText(value);
    const other = owners.get(value.cidr.text);
    if (other !== undefined) {
      const detail = `${value.cidr.text} is confirmed for ${other} and for ${owner}`;
      throw new InvariantViolation("a block has one owner", detail);
    }
    owners.set(value.cidr.text, owner);
  }
  for (const { value: block } of datastore.listBlocks()) {
    const owner = owners.get(block.cidr.text);
    const named = block.affinity === null ? "nobody" : affinityText(block.affinity);
    if (owner !== undefined && owner !== named) {
      const detail = `${block.cidr.text} names ${named}, but ${owner} is confirmed`;
      throw new InvariantViolation("a block has one owner", detail);
    }
  }
}

/** Compares what handles count with what blocks hold. */
export function countHandleLeaks(datastore: MemoryDatastore): HandleLeaks {
  const held = new Map<string, number>();
  for (const { value: block } of datastore.blocks) {
    for (let ordinal = 0; ordinal < block.size; ordinal++) {
      const handle = block.attributeOf(ordinal)?.handle ?? null;
      if (handle === null) continue;
      const key = `${block.cidr.text} ${handle}`;
      held.set(key, (held.get(key) ?? 0) + 1);
    }
  }
  let overstated = 0;
  let understated = 0;
  for (const { value: handle } of datastore.handles) {
    for (const { cidr, count } of handle.blocks) {
      const key = `${cidr.text} ${handle.id}`;
      const actual = held.get(key) ?? 0;
      if (count > actual) overstated++;
      if (count < actual) understated++;
      held.delete(key);
    }
  }
  return { overstated, understated: understated + held.size };
}

/**
 * Checks every block by itself. Costs as much as there are addresses in blocks.
 *
 * @throws InvariantViolation for the first thing that cannot be.
 */
export function checkBlocks(datastore: MemoryDatastore): void {
  for (const { value: block } of datastore.listBlocks()) checkPartition(block);
}

/**
 * Checks the whole state of a datastore on which one operation ran after the other: clients that meet
 * can leave a block with two owners, as Calico does.
 *
 * @throws InvariantViolation for the first thing that cannot be.
 */
export function checkState(datastore: MemoryDatastore): void {
  checkBlocks(datastore);
  checkOwners(datastore);
}
