import type { TakenAddresses } from "./taken-addresses.js";

/** How an assignment ended. Only `complete` has all the addresses that were asked for. */
export const AssignStatus = {
  complete: 0,
  /** No pool selects the node. */
  noPools: 1,
  /** Own blocks are full, the node may claim no more. */
  blockLimit: 2,
  /** Own blocks are full, and nodes do not claim blocks by themselves. */
  noAutoAllocate: 3,
  /** No block is free, and strict affinity forbids to borrow. */
  strictAffinity: 4,
  /** No address is free. */
  noAddresses: 5,
  /** Too many claims were lost to others. */
  retriesExhausted: 6,
} as const;
export type AssignStatus = (typeof AssignStatus)[keyof typeof AssignStatus];

export const ReleaseStatus = {
  released: 0,
  /** The handle does not exist. */
  noHandle: 1,
  /** The address is not held (by this handle). */
  notHeld: 2,
} as const;
export type ReleaseStatus = (typeof ReleaseStatus)[keyof typeof ReleaseStatus];

export const BlockStatus = {
  done: 0,
  /** The block belongs to somebody else, or to nobody. */
  notOurs: 1,
  notEmpty: 2,
} as const;
export type BlockStatus = (typeof BlockStatus)[keyof typeof BlockStatus];

/** Stands for the missing handle. */
export const NO_HANDLE = -1;

/**
 * Calico's address management on shared memory, as one thread sees it. Nodes, handles, blocks and
 * ordinals are numbers; blocks are counted through all pools. Each operation decides as Calico's does:
 * called by one thread alone, they give what `src/protocol` gives.
 *
 * No operation makes JavaScript objects.
 */
export interface Allocator {
  /** What the last `assign` took, also when it was fewer than wanted. */
  readonly taken: TakenAddresses;
  /** Pools that the last `assign` walked to the end without finding all it wanted. */
  readonly poolsWalked: number;
  /** Blocks that the last `assign` claimed, in the order of the claims: see `claimed`. */
  readonly claimedCount: number;
  readonly claimed: Int32Array;

  /**
   * Assigns addresses to a node (AutoAssign): from its own blocks in storage order, then from blocks
   * that it claims along its walk, then borrowed along its walk.
   *
   * @param handle number of a handle, or `NO_HANDLE`.
   * @param maxBlocks blocks that this request lets the node hold; 0 is no value.
   */
  assign(node: number, handle: number, wanted: number, maxBlocks: number): AssignStatus;

  /** Releases every address of a handle (ReleaseByHandle). */
  releaseByHandle(handle: number): ReleaseStatus;

  /**
   * Releases one address (ReleaseIPs of one).
   *
   * @param handle the handle that must hold it, or `NO_HANDLE` for any.
   */
  releaseAddress(block: number, ordinal: number, handle: number): ReleaseStatus;

  /** Claims a block for a node (ClaimAffinity of one block). No limit holds here. */
  claimBlock(node: number, block: number): BlockStatus;

  /** Gives a node's claim of a block up (ReleaseAffinity of one block); an empty block is deleted. */
  releaseBlock(node: number, block: number, mustBeEmpty: boolean): BlockStatus;
}
