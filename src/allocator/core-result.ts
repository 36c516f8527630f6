/** What functions of the core return; each is used where it cannot be taken for another. */
export const CoreResult = {
  done: 0,
  /** Of an assignment: the block has no free address any more. */
  emptied: 1 << 16,
  /** Of a release, a flag: the block had no free address before. */
  space: 2,
  /** Of a release, a flag: the block's owner has to be looked at. */
  unusual: 4,
  /** Not done, for it is not what this function is for. */
  elsewhere: -1,
  /** The block is not the node's. */
  notOwned: -1,
  /** Too many retries. */
  gaveUp: -2,
  /** Of a handle's count: no room for another entry. */
  tableFull: 1,
  /** Of a handle's count: it does not fit. */
  tooMany: 2,
} as const;

/** Bound of every retry loop, as `datastoreRetries` of libcalico-go/lib/ipam/ipam.go@v3.28.4. */
export const RETRIES = 100;
