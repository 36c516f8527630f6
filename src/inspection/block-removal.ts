import type { StoredBlock } from "../formats/cluster/cluster-dump.js";
import { isEmptyBlock } from "../model/block.js";
import type { AddressCheck, AddressUse } from "./address-check.js";
import { deleteObject, emptyBlock } from "./repair-commands.js";

/** Commands that make a block go away. */
export function removal(block: StoredBlock, check: AddressCheck): string[] {
  if (isEmptyBlock(block.value)) return [deleteObject(block.object)];
  const uses = new Map<string, AddressUse>(
    [...check.nodeUses, ...check.workloadUses].map((use) => [use.address, use]),
  );
  return emptyBlock(check.allocationsByBlock.get(block)!, (address) => uses.get(address));
}

export function contentText({ value }: StoredBlock): string {
  if (isEmptyBlock(value)) return "empty";
  return `${value.allocatedCount} of ${value.size} addresses allocated`;
}
