import type { AddressNumber } from "../../model/address.js";
import type { Affinity } from "../../model/affinity.js";
import type { Block } from "../../model/block.js";
import type { Handle } from "../../model/handle.js";
import type { IpamConfig } from "../../model/ipam-config.js";
import type { Node } from "../../model/node.js";
import type { Pool } from "../../model/pool.js";
import type { Reservation } from "../../model/reservation.js";

/** How Kubernetes knows an object. */
export interface ObjectIdentity {
  /** `crd.projectcalico.org/v1`, `projectcalico.org/v3`, `v1`, or `etcd` for a key of etcd. */
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty for objects that live in no namespace. */
  readonly namespace: string;
  /** For a key of etcd, the key. */
  readonly name: string;
  /** Null when the dump does not tell it. */
  readonly uid: string | null;
  /** Empty when the dump does not tell it. */
  readonly resourceVersion: string;
}

/** A value of the model together with the object that it was read from. */
export interface Stored<T> {
  readonly object: ObjectIdentity;
  readonly value: T;
}

/** A block as it is stored, with what only a dump can have wrong. */
export interface StoredBlock extends Stored<Block> {
  /** Ordinals that are neither allocated nor in the free list. */
  readonly lostOrdinals: readonly number[];
  /** Ordinals that are allocated and in the free list, or in the free list twice. */
  readonly contestedOrdinals: readonly number[];
  /** The object is on its way out: whoever reads it next takes it away. */
  readonly isDeleted: boolean;
  /**
   * By ordinal, who else holds the address: during the live migration of a virtual machine, since
   * v3.32.0. The model does not have these.
   */
  readonly alternateOwners: ReadonlyMap<number, Readonly<Record<string, string>>>;
}

export interface StoredHandle extends Stored<Handle> {
  /** The object is on its way out: whoever reads it next takes it away. */
  readonly isDeleted: boolean;
}

/** An affinity object; `isDeleted` ones are on their way out and Calico's lists leave them out. */
export interface StoredAffinity extends Stored<Affinity> {
  readonly isDeleted: boolean;
}

/** A tunnel address that a node says it uses. */
export interface TunnelAddress {
  readonly address: AddressNumber;
  /** IPv6 ones are not looked at by `calicoctl ipam check` of v3.28.4. */
  readonly use: "ipip" | "vxlan" | "wireguard" | "vxlan-v6" | "wireguard-v6";
}

export interface DumpedNode extends Node {
  readonly tunnels: readonly TunnelAddress[];
  /** Pods that its kubelet allows, those with host network too; null when the dump does not tell it. */
  readonly maxPods: number | null;
  /** Last sign of life, milliseconds since 1970; null when the dump does not tell it. */
  readonly seenMs: number | null;
}

/** The controller of a pod: ReplicaSet, Job, DaemonSet and so on. */
export interface PodOwner {
  readonly kind: string;
  readonly name: string;
}

/** What IPAM, and whoever estimates the churn of pods, needs to know of a pod. */
export interface DumpedPod {
  readonly namespace: string;
  readonly name: string;
  /** Empty while the pod is not scheduled. */
  readonly nodeName: string;
  readonly hostNetwork: boolean;
  /** Its containers have ended, or its network is gone: it holds no address any more. */
  readonly isFinished: boolean;
  /** As reported; empty while there is none. */
  readonly addresses: readonly AddressNumber[];
  /** Null for a pod that no controller made. */
  readonly owner: PodOwner | null;
  /** When it was created, milliseconds since 1970; null when the dump does not tell it. */
  readonly createdMs: number | null;
  /** When its last container ended, milliseconds since 1970; null when none, or not all, have. */
  readonly finishedMs: number | null;
  /** `terminationGracePeriodSeconds`; null when the dump does not tell it. */
  readonly graceSeconds: number | null;
}

/** Facts about the cluster that reports are headed with. */
export interface ClusterInformation {
  readonly guid: string;
  readonly type: string;
  readonly resourceVersion: string;
  readonly isDatastoreLocked: boolean;
  /** Release of Calico that the cluster's nodes run; empty when it is not told. */
  readonly calicoVersion: string;
}

/** Objects that were not read, by kind and reason. */
export interface SkippedObjects {
  readonly file: string;
  /** For instance `ConfigMap (v1)`. */
  readonly what: string;
  readonly count: number;
}

/** Something about a file that does not keep it from being read. */
export interface DumpWarning {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** Everything about IPAM that one or several dumps tell of a cluster. */
export interface ClusterDump {
  /** In order of object name, as the Kubernetes API lists them. */
  readonly blocks: readonly StoredBlock[];
  readonly affinities: readonly StoredAffinity[];
  readonly handles: readonly StoredHandle[];
  readonly pools: readonly Stored<Pool>[];
  readonly reservations: readonly Stored<Reservation>[];
  readonly nodes: readonly DumpedNode[];
  readonly pods: readonly DumpedPod[];
  /** Undefined when the dump has none. */
  readonly config: Stored<IpamConfig> | undefined;
  readonly clusterInformation: ClusterInformation | undefined;
  /** Kinds that the dump speaks of, be it by an empty list: what is not here was not asked for. */
  readonly kinds: ReadonlySet<string>;
  readonly skipped: readonly SkippedObjects[];
  readonly warnings: readonly DumpWarning[];
}
