import type { MemoryDatastore } from "../datastore/memory.js";
import { compareLists } from "../formats/cluster/block-object.js";
import type { ClusterDump, DumpedPod, ObjectIdentity } from "../formats/cluster/cluster-dump.js";
import { affinityName, blockName, handleName } from "../formats/cluster/object-names.js";
import type { StoredFields } from "../formats/cluster/write-cluster-dump.js";
import { partsOf } from "../model/block-parts.js";
import { tunnelList } from "./tunnels.js";
import type { Behaviours } from "../releases/behaviours.js";

/** The kinds that a datastore knows of. */
const KINDS = [
  "IPAMBlock",
  "BlockAffinity",
  "IPAMHandle",
  "IPAMConfig",
  "IPPool",
  "IPReservation",
  "Node",
];

function identity(kind: string, name: string): ObjectIdentity {
  const apiVersion = "crd.projectcalico.org/v1";
  return { apiVersion, kind, namespace: "", name, uid: null, resourceVersion: "" };
}

function sorted<T extends { object: ObjectIdentity }>(items: T[]): T[] {
  return items.sort((a, b) => (a.object.name < b.object.name ? -1 : 1));
}

/**
 * The state of a datastore as a dump of its objects would tell it: the inverse of `loadCluster`.
 *
 * @param pods that hold addresses, which the datastore knows only as attributes; null when pods are
 *   not to be part of the dump.
 */
export function dumpCluster(
  datastore: MemoryDatastore,
  pods: readonly DumpedPod[] | null,
): ClusterDump {
  const { config } = datastore;
  return {
    blocks: sorted(
      datastore.listBlocks().map(({ value }) => {
        const { allocations, unallocated } = partsOf(value);
        const object = identity("IPAMBlock", blockName(value.cidr));
        const lists = compareLists(allocations, unallocated);
        return { object, value, ...lists, isDeleted: false, alternateOwners: new Map() };
      }),
    ),
    affinities: sorted(
      datastore.listAffinities().map(({ value }) => {
        const object = identity("BlockAffinity", affinityName(value.host, value.cidr));
        return { object, value, isDeleted: false };
      }),
    ),
    handles: sorted(
      datastore.listHandles().map(({ value }) => {
        const object = identity("IPAMHandle", handleName(value.id));
        return { object, value, isDeleted: false };
      }),
    ),
    pools: datastore.pools.map((value) => ({ object: identity("IPPool", value.name), value })),
    reservations: datastore.reservations.map((value) => {
      return { object: identity("IPReservation", value.name), value };
    }),
    nodes: datastore.listNodes().map(({ name, labels, tunnelAddresses = {} }) => {
      return { name, labels, tunnels: tunnelList(tunnelAddresses), maxPods: null, seenMs: null };
    }),
    pods: pods ?? [],
    config:
      config === undefined
        ? undefined
        : { object: identity("IPAMConfig", "default"), value: config },
    clusterInformation: undefined,
    kinds: new Set(pods === null ? KINDS : [...KINDS, "Pod"]),
    skipped: [],
    warnings: [],
  };
}

/** What the objects of this release can hold. */
export function storedFieldsOf(release: Behaviours): StoredFields {
  return {
    affinityType: release.affinityTypes,
    assignmentMode: release.assignmentMode,
    affinityLabels: release.kubernetesAffinityLookup === "by label",
    namespaceSelector: release.namespaceSelector,
    claimTime: release.reclaimEmptyBlocks !== "never",
    kubeVirtConfig: release.kubeVirtConfigField,
  };
}
