import type { IpVersion } from "./address.js";
import type { Cidr } from "./cidr.js";

export type PoolUse = "Workload" | "Tunnel" | "LoadBalancer";

/** Whether packets between nodes are wrapped: never, always, or between subnets. */
export type EncapsulationMode = "Never" | "Always" | "CrossSubnet";

/**
 * An IP pool with its defaults filled in, as Calico fills them on every read
 * (`libcalico-go/lib/clientv3/ippool.go@v3.28.4`).
 */
export interface Pool {
  readonly name: string;
  /** Undefined when the stored text is not a network; such a pool is left out everywhere. */
  readonly cidr: Cidr | undefined;
  /** Prefix length of the pool's blocks. */
  readonly blockSize: number;
  /** Selector over node labels; empty matches every node. */
  readonly nodeSelector: string;
  readonly disabled: boolean;
  readonly allowedUses: readonly PoolUse[];
  /** Since v3.30.0. `Manual` pools are used only when they are asked for. */
  readonly assignmentMode: "Automatic" | "Manual";
  /** Since v3.31.0: selector over the labels of the pod's namespace; empty matches all. */
  readonly namespaceSelector: string;
  /** IP in IP between nodes, for which each node needs an address; IPv4 only. */
  readonly ipipMode: EncapsulationMode;
  /** VXLAN between nodes, for which each node needs an address. */
  readonly vxlanMode: EncapsulationMode;
  /** The pool carries a deletion timestamp. */
  readonly beingDeleted: boolean;
  /** False when the status condition `Allocatable` is False (looked at since v3.32.0). */
  readonly allocatable: boolean;
}

/** A pool whose cidr is a network. */
export type UsablePool = Pool & { readonly cidr: Cidr };

/** Block size that Calico uses where none is given. */
export function defaultBlockSize(version: IpVersion): number {
  return version === 4 ? 26 : 122;
}

/** The part of a pool that has to be given; the rest has defaults. */
export type PoolSpec = Pick<Pool, "name" | "cidr"> & Partial<Pool>;

/** A pool from what is given, with Calico's defaults for the rest. */
export function makePool(spec: PoolSpec): Pool {
  const uses = spec.allowedUses ?? [];
  return {
    name: spec.name,
    cidr: spec.cidr,
    blockSize: spec.blockSize || defaultBlockSize(spec.cidr?.version ?? 4),
    nodeSelector: spec.nodeSelector || "all()",
    disabled: spec.disabled ?? false,
    allowedUses: uses.length > 0 ? uses : ["Workload", "Tunnel"],
    assignmentMode: spec.assignmentMode ?? "Automatic",
    namespaceSelector: spec.namespaceSelector ?? "",
    ipipMode: spec.ipipMode ?? "Never",
    vxlanMode: spec.vxlanMode ?? "Never",
    beingDeleted: spec.beingDeleted ?? false,
    allocatable: spec.allocatable ?? true,
  };
}
