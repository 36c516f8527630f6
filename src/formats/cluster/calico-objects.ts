import { addressBits } from "../../model/address.js";
import type { AffinityState, AffinityType } from "../../model/affinity.js";
import { Cidr } from "../../model/cidr.js";
import type { Handle, HandleBlock } from "../../model/handle.js";
import { DEFAULT_IPAM_CONFIG, type IpamConfig } from "../../model/ipam-config.js";
import { type EncapsulationMode, makePool, type Pool, type PoolUse } from "../../model/pool.js";
import { ReservedAddresses, type Reservation } from "../../model/reservation.js";
import type { ClusterInformation, ObjectIdentity, StoredAffinity } from "./cluster-dump.js";
import { quoted } from "../traces/printable.js";
import type { Field } from "./field-reader.js";

export const AFFINITY_STATES: readonly AffinityState[] = [
  "",
  "pending",
  "confirmed",
  "pendingDeletion",
];
const AFFINITY_TYPES: readonly AffinityType[] = ["host", "virtual"];
const POOL_USES: readonly PoolUse[] = ["Workload", "Tunnel", "LoadBalancer"];
const ENCAPSULATION_MODES = ["Never", "Always", "CrossSubnet"] as const;
const ASSIGNMENT_MODES = ["Automatic", "Manual"] as const;
const ADDRESSES_PER_BLOCK_MAX = 2 ** 16;

/** One of these words. */
export function oneOf<T extends string>(field: Field, words: readonly T[]): T {
  const found = words.find((word) => word === field.value);
  const wanted = words.map((word) => (word === "" ? "the empty text" : word)).join(", ");
  return found ?? field.fail(`one of ${wanted}`);
}

/** Reads a BlockAffinity. */
export function readAffinity(object: Field): Omit<StoredAffinity, "object"> {
  const spec = object.member("spec");
  const state = spec.member("state");
  const type = spec.member("type");
  return {
    value: {
      type: type.isAbsent || type.value === "" ? "host" : oneOf(type, AFFINITY_TYPES),
      host: spec.member("node").filledText(),
      cidr: spec.member("cidr").cidr(),
      state: state.isAbsent ? "" : oneOf(state, AFFINITY_STATES),
    },
    isDeleted: spec.member("deleted").optionalFlag(),
  };
}

/** The counts of a handle by block. */
export function readHandleBlocks(field: Field): HandleBlock[] {
  return field
    .optionalObject()
    .entries()
    .map(([key, count]) => {
      const cidr =
        Cidr.parse(key) ?? field.refuse(`expected networks as keys, found ${quoted(key)}`);
      return { cidr, count: count.integer(0, ADDRESSES_PER_BLOCK_MAX) };
    });
}

/** Reads an IPAMHandle. Its id is in the spec: the object's name is lower-case. */
export function readHandle(object: Field): Handle {
  const spec = object.member("spec");
  return { id: spec.member("handleID").text(), blocks: readHandleBlocks(spec.member("block")) };
}

/**
 * Reads a configuration whose first two fields have different names in etcd and Kubernetes.
 *
 * @param rest what holds the other fields.
 */
export function readConfigFields(
  strictAffinity: Field,
  autoAllocateBlocks: Field,
  rest: Field,
): IpamConfig {
  const persistence = rest.member("kubeVirtVMAddressPersistence");
  return {
    strictAffinity: strictAffinity.optionalBoolean(DEFAULT_IPAM_CONFIG.strictAffinity),
    // A stored object without the field has Go's zero value, not Calico's default.
    autoAllocateBlocks: autoAllocateBlocks.optionalBoolean(false),
    maxBlocksPerHost:
      rest.member("maxBlocksPerHost").optionalInteger(0, Number.MAX_SAFE_INTEGER) ?? 0,
    ...(persistence.isAbsent
      ? {}
      : { kubeVirtVmAddressPersistence: oneOf(persistence, ["Enabled", "Disabled"] as const) }),
  };
}

/** Reads the IPAMConfig (IPAMConfiguration in `projectcalico.org/v3`). */
export function readConfig(object: Field): IpamConfig {
  const spec = object.member("spec");
  return readConfigFields(spec.member("strictAffinity"), spec.member("autoAllocateBlocks"), spec);
}

function isAllocatable(status: Field): boolean {
  return !status
    .member("conditions")
    .optionalList()
    .some(
      (condition) =>
        condition.member("type").value === "Allocatable" &&
        condition.member("status").value === "False",
    );
}

function encapsulation(mode: Field): EncapsulationMode {
  return mode.isAbsent || mode.value === "" ? "Never" : oneOf(mode, ENCAPSULATION_MODES);
}

/** Reads an IPPool, with Calico's defaults filled in. */
export function readPool(object: Field, identity: ObjectIdentity): Pool {
  const spec = object.member("spec");
  const isV1 = identity.kind === "ipPool";
  const cidr = (isV1 ? object.member("metadata") : spec).member("cidr").cidr();
  const mode = spec.member("assignmentMode");
  const uses = spec.member("allowedUses").optionalList();
  return makePool({
    name: identity.name,
    cidr,
    blockSize: spec.member("blockSize").optionalInteger(0, addressBits(cidr.version)) ?? 0,
    nodeSelector: spec.member("nodeSelector").optionalText(),
    disabled: spec.member("disabled").optionalBoolean(false),
    allowedUses: uses.map((use) => oneOf(use, POOL_USES)),
    assignmentMode:
      mode.isAbsent || mode.value === "" ? "Automatic" : oneOf(mode, ASSIGNMENT_MODES),
    namespaceSelector: spec.member("namespaceSelector").optionalText(),
    ipipMode: encapsulation(spec.member("ipipMode")),
    vxlanMode: encapsulation(spec.member("vxlanMode")),
    beingDeleted: !object.member("metadata").member("deletionTimestamp").isAbsent,
    allocatable: isAllocatable(object.member("status").optionalObject()),
  });
}

/** Reads an IPReservation. */
export function readReservation(object: Field, identity: ObjectIdentity): Reservation {
  const entries = object.member("spec").member("reservedCIDRs").optionalList();
  const cidrs = entries.map((entry) => {
    const text = entry.text();
    const read = ReservedAddresses.read([{ name: identity.name, cidrs: [text] }]);
    return read instanceof ReservedAddresses ? text : entry.fail("a network or an address");
  });
  return { name: identity.name, cidrs };
}

/** Reads the ClusterInformation. */
export function readClusterInformation(
  object: Field,
  identity: ObjectIdentity,
): ClusterInformation {
  const spec = object.member("spec");
  return {
    guid: spec.member("clusterGUID").optionalText(),
    type: spec.member("clusterType").optionalText(),
    resourceVersion: identity.resourceVersion,
    calicoVersion: spec.member("calicoVersion").optionalText(),
    isDatastoreLocked: !spec.member("datastoreReady").optionalBoolean(true),
  };
}
