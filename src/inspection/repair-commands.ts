import type { ObjectIdentity } from "../formats/cluster/cluster-dump.js";
import { affinityName } from "../formats/cluster/object-names.js";
import type { Affinity } from "../model/affinity.js";
import type { Allocation, AddressUse } from "./address-check.js";

/** Plural names, as kubectl takes them. */
const RESOURCES: Readonly<Record<string, string>> = {
  IPAMBlock: "ipamblocks",
  BlockAffinity: "blockaffinities",
  IPAMHandle: "ipamhandles",
  IPAMConfig: "ipamconfigs",
  IPAMConfiguration: "ipamconfigurations",
};

const PODS_NAMED_MAX = 5;

/** A word of a shell command; quoted when a shell would not take it as it is. */
function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** What kubectl calls the object: `ipamblocks.crd.projectcalico.org 10-0-0-0-26`. */
function target({ apiVersion, kind, name }: ObjectIdentity): string {
  const group = apiVersion.split("/")[0]!;
  return `${RESOURCES[kind] ?? kind.toLowerCase()}.${group} ${word(name)}`;
}

export function deleteObject(object: ObjectIdentity): string {
  return `kubectl delete ${target(object)}`;
}

export function editObject(object: ObjectIdentity): string {
  return `kubectl edit ${target(object)}`;
}

export function patchSpec(object: ObjectIdentity, spec: Readonly<Record<string, unknown>>): string {
  return `kubectl patch ${target(object)} --type merge -p ${word(JSON.stringify({ spec }))}`;
}

export function releaseAddress(address: string): string {
  return `calicoctl ipam release --ip=${address}`;
}

/** Deleting a pod of a controller makes it start anew, with an address of IPAM. */
export function deletePod({ namespace, name }: { namespace: string; name: string }): string {
  return `kubectl delete pod -n ${word(namespace)} ${word(name)}`;
}

/** Shows the events of a pod, which tell why it has no address. */
export function describePod({ namespace, name }: { namespace: string; name: string }): string {
  return `kubectl describe pod -n ${word(namespace)} ${word(name)}`;
}

/** Makes the user of an address ask IPAM for one anew. */
export function restartUser({ pod, owner }: AddressUse): string {
  if (pod !== null) return deletePod(pod);
  const node = /^Node\((.*)\)$/s.exec(owner)?.[1] ?? "";
  const selector = `--field-selector ${word(`spec.nodeName=${node}`)}`;
  return `kubectl delete pods -A -l k8s-app=calico-node ${selector}`;
}

/** Empties a block: its pods start anew elsewhere, what no one uses is released. */
export function emptyBlock(
  allocations: readonly Allocation[],
  useOf: (address: string) => AddressUse | undefined,
): string[] {
  const commands = new Set<string>();
  for (const { address, isWindowsReserved } of allocations) {
    if (isWindowsReserved) continue;
    const use = useOf(address);
    commands.add(use === undefined ? releaseAddress(address) : restartUser(use));
  }
  const shown = [...commands].slice(0, PODS_NAMED_MAX);
  if (commands.size > shown.length) shown.push(`# and ${commands.size - shown.length} more alike`);
  return shown;
}

/** Creates the affinity object of a block that has none. */
export function createAffinity(
  apiVersion: string,
  { host, cidr }: Omit<Affinity, "state">,
): string {
  const object = {
    apiVersion,
    kind: "BlockAffinity",
    metadata: { name: affinityName(host, cidr) },
    spec: {
      state: "confirmed",
      node: host,
      cidr: cidr.text,
      // Text in the older API group, a boolean in the newer one.
      deleted: apiVersion.startsWith("crd.") ? "false" : false,
    },
  };
  return `echo ${word(JSON.stringify(object))} | kubectl create -f -`;
}
