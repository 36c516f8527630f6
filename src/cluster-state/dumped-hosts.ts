import type { ClusterDump } from "../formats/cluster/cluster-dump.js";

/** Hosts that hold something, in order of their names: the nodes of a dump without nodes. */
export function hostsOf({ blocks, affinities, pods }: ClusterDump): string[] {
  const hosts = new Set<string>();
  for (const { value } of affinities) if (value.type !== "virtual") hosts.add(value.host);
  for (const { value } of blocks)
    if (value.affinity?.type === "host") hosts.add(value.affinity.host);
  for (const { nodeName } of pods) if (nodeName !== "") hosts.add(nodeName);
  return [...hosts].sort();
}
