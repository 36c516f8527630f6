/**
 * The state word of a block (drawn in `layout.ts`). `bits` is the binary logarithm of the block's
 * number of ordinals.
 *
 * The counter of the head has 29 - bits bits and counts every ordinal taken, so a state comes back
 * only after 2^(29 - bits) ordinals were taken from the block and as many returned: 8.4 million for a
 * /26, 131,072 for a /20. A compare-and-swap is fooled (ABA) only if exactly that many fall between
 * its read and its write. The counter goes on when a block is deleted and claimed again.
 */

/** The block exists: its ring may be taken from. */
export const LIVE = 1;
/** The block has an affinity. Cleared, it stays cleared until the block is deleted. */
export const OWNED = 2;
const FLAG_BITS = 2;

/** Largest `bits`: blocks of 4,096 addresses, the largest that Calico allows. */
export const BLOCK_BITS_MAX = 12;

/** Number of ordinals that can be taken. */
export function freeOf(state: number, bits: number): number {
  return (state >>> FLAG_BITS) & ((2 << bits) - 1);
}

/** The counter of ordinals taken. */
export function headOf(state: number, bits: number): number {
  return state >>> (bits + FLAG_BITS + 1);
}

/** A state; the counter is cut to its width. */
export function packState(head: number, free: number, flags: number, bits: number): number {
  return (head << (bits + FLAG_BITS + 1)) | (free << FLAG_BITS) | flags;
}

/** The counter of ordinals returned, which is what the next slot to be filled is named by. */
export function tailOf(state: number, bits: number): number {
  return (headOf(state, bits) + freeOf(state, bits)) & counterMask(bits);
}

export function counterMask(bits: number): number {
  return (1 << (29 - bits)) - 1;
}

/** The owner word of a block: a phase, and the node it is about plus one. */
export const OwnerPhase = {
  /** No block there. */
  absent: 0,
  /** Being claimed; nothing can be taken yet. */
  pending: 1,
  confirmed: 2,
  pendingDeletion: 3,
  /** The block exists without affinity. */
  none: 4,
} as const;
export type OwnerPhase = (typeof OwnerPhase)[keyof typeof OwnerPhase];

export function packOwner(phase: OwnerPhase, node: number): number {
  return ((node + 1) << 3) | phase;
}

/** The owner word of a block without affinity. */
export const OWNERLESS: number = OwnerPhase.none;

export function phaseOf(owner: number): OwnerPhase {
  return (owner & 7) as OwnerPhase;
}

/** The node of an owner word that has one. */
export function ownerNodeOf(owner: number): number {
  return (owner >> 3) - 1;
}
