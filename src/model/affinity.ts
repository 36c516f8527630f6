import type { Cidr } from "./cidr.js";

/** The empty state is a legacy of old releases; it works like `confirmed` when a block is reached. */
export type AffinityState = "pending" | "confirmed" | "pendingDeletion" | "";

/**
 * Up to v3.29 every affinity is of a host; v3.30.0 added `virtual` for load balancers. Empty stands
 * for a text in a block that has neither prefix; `host` is then the whole text.
 */
export type AffinityType = "host" | "virtual" | "";

/** Who an affinity is for. */
export interface AffinityOwner {
  readonly type: AffinityType;
  readonly host: string;
}

/**
 * A claim of a block by a host (`libcalico-go/lib/backend/model/block_affinity.go@v3.28.4`). Its key
 * is owner and cidr.
 */
export interface Affinity extends AffinityOwner {
  readonly cidr: Cidr;
  readonly state: AffinityState;
}

/** The owner alone, without what else an affinity holds. */
export function ownerOf({ type, host }: AffinityOwner): AffinityOwner {
  return { type, host };
}

export function sameOwner(a: AffinityOwner, b: AffinityOwner): boolean {
  return a.host === b.host && a.type === b.type;
}

/** Text of a block's affinity field: `host:node-1`. */
export function affinityText(owner: AffinityOwner): string {
  return owner.type === "" ? owner.host : `${owner.type}:${owner.host}`;
}

/** Reads a block's affinity field. */
export function parseAffinityText(text: string): AffinityOwner {
  if (text.startsWith("host:")) return { type: "host", host: text.slice(5) };
  if (text.startsWith("virtual:")) return { type: "virtual", host: text.slice(8) };
  return { type: "", host: text };
}
