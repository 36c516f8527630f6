import type { Cidr } from "./cidr.js";

/** How many addresses of a block a handle holds, as the handle's own bookkeeping says. */
export interface HandleBlock {
  readonly cidr: Cidr;
  readonly count: number;
}

/**
 * All addresses given to one client (a container), by block
 * (`libcalico-go/lib/backend/model/ipam_handle.go@v3.28.4`). The counts are bookkeeping, not truth:
 * faults and conflicts can leave them too high.
 */
export interface Handle {
  readonly id: string;
  /** In order of first use; a cidr occurs once. */
  readonly blocks: readonly HandleBlock[];
}

export function handleCount(handle: Handle, cidr: Cidr): number {
  for (const block of handle.blocks) if (block.cidr.text === cidr.text) return block.count;
  return 0;
}

/** The handle with this many more addresses in the block. */
export function withMore(handle: Handle, cidr: Cidr, more: number): Handle {
  const { id, blocks } = handle;
  if (handleCount(handle, cidr) === 0) return { id, blocks: [...blocks, { cidr, count: more }] };
  const counted = blocks.map((block) =>
    block.cidr.text === cidr.text ? { cidr, count: block.count + more } : block,
  );
  return { id, blocks: counted };
}

/** The handle with this many fewer; an entry that reaches 0 is dropped. The caller checks the bound. */
export function withFewer(handle: Handle, cidr: Cidr, fewer: number): Handle {
  const blocks: HandleBlock[] = [];
  for (const block of handle.blocks) {
    if (block.cidr.text !== cidr.text) blocks.push(block);
    else if (block.count > fewer) blocks.push({ cidr, count: block.count - fewer });
  }
  return { id: handle.id, blocks };
}

/**
 * A handle id as releases read it: only what precedes the first carriage return
 * (`libcalico-go/lib/ipam/ipam.go@v3.28.4`). Assigning uses the id as it is.
 */
export function sanitiseHandle(id: string): string {
  const end = id.indexOf("\r");
  return end < 0 ? id : id.slice(0, end);
}
