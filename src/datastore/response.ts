import type { IpVersion } from "../model/address.js";
import type { Block } from "../model/block.js";
import type { CalicoError } from "../model/calico-error.js";
import type { Cidr } from "../model/cidr.js";
import type { PodLookup } from "../model/pod.js";

/** One stored version of an object. The value never changes; a write installs a new entry. */
export interface Entry<T> {
  readonly value: T;
  /** Revision of this version; a write that expects another one is a conflict. */
  readonly revision: number;
}

/** The answer to a get or a write: the entry (for a delete, the last one), or why not. */
export type Found<T> = Entry<T> | CalicoError;

/** The answer to a list, in storage order, or why not. */
export type Listed<T> = readonly T[] | CalicoError;

/**
 * The answer to a list of blocks. Thousands of blocks are listed for every claim, so a driver may
 * hand out a view of its own store: it is valid only until the next request.
 */
export interface BlockListing {
  /** Blocks in the list. */
  readonly count: number;
  /** The listed block of this cidr. */
  lookup(cidr: Cidr): Entry<Block> | undefined;
  /** All of them, in storage order. */
  entries(): Iterable<Entry<Block>>;
}

/** Versions that a list of blocks asks for. */
export function matchesVersion(cidr: Cidr, version: IpVersion | 0): boolean {
  return version === 0 || cidr.version === version;
}

/** Whatever a driver may answer. Each request function's caller knows which of these it gets. */
export type Response =
  | Entry<unknown>
  | readonly unknown[]
  | BlockListing
  | CalicoError
  | PodLookup
  | undefined;
