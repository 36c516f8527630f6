import type { Cidr } from "./cidr.js";

/** The empty state is a legacy of old releases; it works like `confirmed` when a block is reached. */
export type AffinityState = "pending" | "confirmed" | "pendingDeletion" | "";

/** Up to v3.29 every affinity is of a host; v3.30.0 added `virtual` for load balancers. */
export type AffinityType = "host" | "virtual";

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

/** Text of a block's affinity field: `host:node-1`. */
export function affinityText(owner: AffinityOwner): string {
  return `${owner.type}:${owner.host}`;
}

/** Reads a block's affinity field; undefined when it has neither prefix. */
export function parseAffinityText(text: string): AffinityOwner | undefined {
  if (text.startsWith("host:")) return { type: "host", host: text.slice(5) };
  if (text.startsWith("virtual:")) return { type: "virtual", host: text.slice(8) };
  return undefined;
}
