import type { ClusterDump, DumpedNode, DumpedPod } from "../formats/cluster/cluster-dump.js";
import { type AddressNumber, formatAddress, parseAddress } from "../model/address.js";
import type { AddressCheck, AddressUse, Allocation } from "./address-check.js";
import { type Finding, findingOf, type FindingItem } from "./finding.js";
import {
  deleteObject,
  deletePod,
  describePod,
  releaseAddress,
  restartUser,
} from "./repair-commands.js";

/** Pods and nodes by name. */
class Directory {
  readonly #pods: ReadonlyMap<string, DumpedPod>;
  readonly #nodes: ReadonlyMap<string, DumpedNode>;

  constructor(dump: ClusterDump) {
    this.#pods = new Map(dump.pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod]));
    this.#nodes = new Map(dump.nodes.map((node) => [node.name, node]));
  }

  /** Why nobody uses the address, or undefined when somebody may. */
  reasonOfLeak({ address, attribute, block, node }: Allocation): string | undefined {
    // Services, which hold addresses of load balancers, are not in a dump.
    if (block.value.affinity?.type === "virtual") return undefined;
    const facts = attribute.secondary ?? {};
    const type = facts["type"] ?? "";
    if (facts["pod"] !== undefined) return this.#podReason(facts, parseAddress(address)!);
    if (!type.endsWith("TunnelAddress")) return "its attributes name neither pod nor tunnel";
    const found = this.#nodes.get(node);
    if (found === undefined) return `${type} of node ${node}, which does not exist`;
    if (found.tunnels.some((tunnel) => formatAddress(tunnel.address) === address)) return undefined;
    return `${type} of node ${node}, which does not use it`;
  }

  #podReason(facts: Readonly<Record<string, string>>, address: AddressNumber): string | undefined {
    const name = `${facts["namespace"] ?? ""}/${facts["pod"]!}`;
    const pod = this.#pods.get(name);
    if (pod === undefined) return `pod ${name} does not exist`;
    if (pod.isFinished) return `pod ${name} has finished`;
    if (pod.hostNetwork) return `pod ${name} is on the network of its host`;
    // It may be about to start with this address.
    if (pod.addresses.length === 0 || pod.addresses.includes(address)) return undefined;
    return `pod ${name} has ${pod.addresses.map(formatAddress).join(", ")} instead`;
  }
}

function leakFindings(dump: ClusterDump, check: AddressCheck): Finding[] {
  const directory = new Directory(dump);
  const items: FindingItem[] = [];
  for (const subject of check.leaked) {
    for (const allocation of check.allocations.get(subject)!) {
      const detail = directory.reasonOfLeak(allocation);
      if (detail === undefined) continue;
      items.push({ subject, detail, fix: [releaseAddress(subject)] });
    }
  }
  const title =
    "allocated, and used by no pod and no node tunnel: lost until released " +
    "(dump again before releasing, pods come and go while kubectl reads)";
  return findingOf("address-not-in-use", "problem", title, items);
}

function userText({ pod, owner }: AddressUse): string {
  return pod === null ? owner : `pod ${pod.namespace}/${pod.name} on node ${pod.nodeName}`;
}

function sharedItems(check: AddressCheck): FindingItem[] {
  const uses = [...check.nodeUses, ...check.workloadUses];
  return check.shared.map((subject) => {
    const users = uses.filter(({ address }) => address === subject);
    const holders = check.allocations.get(subject) ?? [];
    const isHolder = ({ pod }: AddressUse) =>
      pod !== null &&
      holders.some(({ attribute: { secondary } }) => {
        return secondary?.["pod"] === pod.name && secondary["namespace"] === pod.namespace;
      });
    // One may keep it: the one that the allocation names, else the first.
    const keeps = users.find(isHolder) ?? users[0];
    const fix = users.flatMap((use) =>
      use === keeps || use.pod === null ? [] : [deletePod(use.pod)],
    );
    return { subject, detail: `used by ${users.map(userText).join(" and ")}`, fix };
  });
}

/** Pods that a node runs, or is to run, and that have no address. */
function waitingItems(dump: ClusterDump): FindingItem[] {
  return dump.pods
    .filter(({ nodeName, hostNetwork, isFinished, addresses }) => {
      return nodeName !== "" && !hostNetwork && !isFinished && addresses.length === 0;
    })
    .map((pod) => ({
      subject: `${pod.namespace}/${pod.name}`,
      detail: `on node ${pod.nodeName}${createdText(pod)}`,
      fix: [describePod(pod)],
    }));
}

function createdText({ createdMs }: DumpedPod): string {
  if (createdMs === null) return "";
  return `, created ${new Date(createdMs).toISOString().replace(".000Z", "Z")}`;
}

/** What is wrong with single addresses. Takes a dump with blocks, pods and nodes. */
export function addressFindings(dump: ClusterDump, check: AddressCheck): Finding[] {
  const strays = (uses: readonly AddressUse[]) =>
    uses.map((use) => {
      return { subject: use.address, detail: `used by ${userText(use)}`, fix: [restartUser(use)] };
    });
  return [
    ...leakFindings(dump, check),
    ...findingOf(
      "address-not-allocated",
      "problem",
      "used and not allocated: IPAM may give the address to another pod",
      strays(check.unallocated),
    ),
    ...findingOf(
      "address-outside-pools",
      "problem",
      "used and in no enabled pool: not an address of Calico's IPAM",
      strays(check.outsidePools),
    ),
    ...findingOf(
      "address-shared",
      "problem",
      "used by more than one: traffic goes to either",
      sharedItems(check),
    ),
    ...findingOf(
      "pod-without-address",
      "note",
      "pods on a node and still without address: starting, or refused one (their events tell)",
      waitingItems(dump),
    ),
  ];
}

/** Handles without addresses, and addresses without handle. Takes a dump with blocks and handles. */
export function handleFindings(check: AddressCheck): Finding[] {
  const leaked = check.leakedHandles.map(({ object, value }) => {
    const claimed = value.blocks.map(({ cidr, count }) => `${count} in ${cidr.text}`);
    const detail = claimed.length === 0 ? "claims no address" : `claims ${claimed.join(", ")}`;
    return { subject: value.id, detail, fix: [deleteObject(object)] };
  });
  const missing = new Set(check.missingHandles);
  const holders = [...check.allocations.values()]
    .flat()
    .filter(({ attribute }) => attribute.handle !== null && missing.has(attribute.handle));
  const bereft = holders.map(({ address, attribute }) => {
    return {
      subject: address,
      detail: `handle ${attribute.handle}; once its pod is gone, release it by hand`,
      fix: [releaseAddress(address)],
    };
  });
  return [
    ...findingOf(
      "handle-without-address",
      "problem",
      "handle objects that no block mentions: they only fill the datastore",
      leaked,
    ),
    ...findingOf(
      "address-without-handle",
      "problem",
      "allocated to a handle that does not exist: deleting the pod does not release them",
      bereft,
    ),
  ];
}
