/**
 * The state of a block, its ring's slots and its owner word (drawn in `layout.ts`).
 *
 * State and slots are words of 64 bits, here read and written as two halves. The counter of the head
 * has 49 bits and counts every ordinal taken; it goes on when a block is deleted and claimed again. A
 * state names head and tail, neither ever falls, and each change moves one of them or a flag that is
 * set again only together with a higher head. So a state comes back only when the counter has gone
 * round: after 2^49 ordinals, at ten million a second from one block in 1.8 years. A thread whose
 * compare-and-swap would be fooled (ABA) had to stand still for that long.
 */

/** The block exists: its ring may be taken from. */
export const LIVE = 1;
/** The block has an affinity. Cleared, it stays cleared until the block is deleted. */
export const OWNED = 2;

/** Place of the free count. */
export const FREE_SHIFT = 2;
/** Place of the counter, in a state and in a slot. */
export const COUNTER_SHIFT = 15;
/** The free count, once it is shifted down. */
export const FREE_MASK = 2 ** (COUNTER_SHIFT - FREE_SHIFT) - 1;
/** Largest binary logarithm of a block's size: 4,096 addresses, the largest that Calico allows. */
export const BLOCK_BITS_MAX = 12;

/** By how much a turn more raises the lower half of a slot. */
export const LOW_TURN = 2 ** COUNTER_SHIFT;
/** Counters that differ by this have the same bits in the lower half. */
const LOW_COUNTERS = 2 ** (32 - COUNTER_SHIFT);

/** Number of ordinals that can be taken; all of it is in the lower half. */
export function freeOf(low: number): number {
  return (low >>> FREE_SHIFT) & FREE_MASK;
}

/** The counter of the state or the slot at this word; whole while nobody writes to it. */
export function counterAt(words: Int32Array, at: number): number {
  return (words[at + 1]! >>> 0) * LOW_COUNTERS + (words[at]! >>> COUNTER_SHIFT);
}

/** The counter of ordinals returned, which is what the next slot to be filled is named by. */
export function tailAt(words: Int32Array, at: number): number {
  return counterAt(words, at) + freeOf(words[at]!);
}

/** Lower half of a state. */
export function lowOfState(head: number, free: number, flags: number): number {
  return ((head % LOW_COUNTERS) << COUNTER_SHIFT) | (free << FREE_SHIFT) | flags;
}

/** Lower half of a slot. */
export function lowOfSlot(turn: number, ordinal: number): number {
  return ((turn % LOW_COUNTERS) << COUNTER_SHIFT) | ordinal;
}

/** Upper half of a state or a slot with this counter. */
export function highOf(counter: number): number {
  return Math.floor(counter / LOW_COUNTERS) | 0;
}

/** Word of the slot of this turn in the ring of a block of `size`. */
export function slotWord(ring: number, turn: number, size: number): number {
  return ring + 2 * (turn & (size - 1));
}

/** Fills a slot that no other thread looks at. */
export function writeSlot(words: Int32Array, at: number, turn: number, ordinal: number): void {
  words[at] = lowOfSlot(turn, ordinal);
  words[at + 1] = highOf(turn);
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

/**
 * An owner word. It has no version and does come back. Its one compare-and-swap, of a claim, expects
 * `absent`, and whatever the block was meanwhile, an absent block may be claimed. Who acts on an owner
 * that was read reads it after the state, and swaps the state: it holds only if the owner still did.
 */
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
