import type { AddressNumber } from "../../model/address.js";
import type { AffinityOwner } from "../../model/affinity.js";
import type { Attribute } from "../../model/attribute.js";
import { WINDOWS_RESERVED_HANDLE } from "../../model/block.js";
import { blockOf, partsOf } from "../../model/block-parts.js";
import type { Cidr } from "../../model/cidr.js";
import type { Pool } from "../../model/pool.js";
import { parseSelector, SelectorSyntaxError } from "../../model/selector.js";
import type { AddressMap } from "./anonymise-addresses.js";
import type { ClusterDump, DumpedNode, DumpedPod, PodOwner, Stored } from "./cluster-dump.js";
import { affinityName, blockName, handleName } from "./object-names.js";
import type { PodRecord } from "./pod-events.js";
import { guessOwner, workloadOf } from "./workload.js";

/** Numbers things in the order in which they are met: the same name gives the same number. */
class Names {
  readonly #numbers = new Map<string, number>();

  constructor(private readonly prefix: string) {}

  of(name: string): string {
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.#numbers.size + 1;
      this.#numbers.set(name, number);
    }
    return `${this.prefix}-${number}`;
  }
}

/** Handles of tunnel addresses end with the node's name (`node/pkg/allocateip/allocateip.go@v3.28.4`). */
const TUNNEL_HANDLE = /^(ipip|vxlan|vxlan-v6|wireguard|wireguard-v6)-tunnel-addr-(.*)$/s;

/** Attributes whose values are the same everywhere, and say what an address is for. */
const OPEN_ATTRIBUTES = ["type", "timestamp"];

/** Labels that tell of no one, and that workloads and failures go by. */
const ZONE_LABEL = "topology.kubernetes.io/zone";
const OPEN_LABELS = [
  "kubernetes.io/os",
  "kubernetes.io/arch",
  "node-role.kubernetes.io/control-plane",
  "node-role.kubernetes.io/master",
];

class Anonymiser {
  readonly #nodes = new Names("node");
  readonly #namespaces = new Names("namespace");
  readonly #workloads = new Names("workload");
  readonly #replicaSets = new Names("rs");
  readonly #pods = new Names("pod");
  readonly #pools = new Names("pool");
  readonly #reservations = new Names("reservation");
  readonly #zones = new Names("zone");
  readonly #values = new Names("value");
  readonly #handles = new Names("handle");

  constructor(private readonly addresses: AddressMap | undefined) {}

  #address(address: AddressNumber): AddressNumber {
    return this.addresses?.address(address) ?? address;
  }

  #cidr(cidr: Cidr): Cidr {
    return this.addresses?.cidr(cidr) ?? cidr;
  }

  #owner<T extends AffinityOwner>(owner: T): T {
    // Load balancers' affinities are of nobody's node.
    if (owner.type === "virtual") return owner;
    return { ...owner, host: this.#nodes.of(owner.host) };
  }

  #handle(id: string): string {
    if (id === WINDOWS_RESERVED_HANDLE) return id;
    const tunnel = TUNNEL_HANDLE.exec(id);
    if (tunnel !== null) return `${tunnel[1]}-tunnel-addr-${this.#nodes.of(tunnel[2]!)}`;
    return `k8s-pod-network.${this.#handles.of(id)}`;
  }

  #pod(namespace: string, name: string): string {
    return this.#pods.of(`${namespace}/${name}`);
  }

  #attribute({ handle, secondary }: Attribute): Attribute {
    const facts =
      secondary &&
      Object.entries(secondary).map(([key, value]) => {
        if (OPEN_ATTRIBUTES.includes(key)) return [key, value];
        if (key === "node") return [key, this.#nodes.of(value)];
        if (key === "namespace") return [key, this.#namespaces.of(value)];
        if (key === "pod") return [key, this.#pod(secondary["namespace"] ?? "", value)];
        return [key, this.#values.of(value)];
      });
    return {
      handle: handle === null ? null : this.#handle(handle),
      secondary: facts && (Object.fromEntries(facts) as Record<string, string>),
    };
  }

  /** The owner under another name, of which the same workload can be told. */
  #ownerOf(namespace: string, { kind, name }: PodOwner): PodOwner {
    // A static pod is owned by its node.
    if (kind === "Node") return { kind, name: this.#nodes.of(name) };
    const workload = workloadOf("", { kind, name });
    const other = this.#workloads.of(`${namespace}/${workload.kind}/${workload.name}`);
    if (workload.kind === kind) return { kind, name: other };
    if (kind === "Job") return { kind, name: other + name.slice(name.lastIndexOf("-")) };
    // A template's hash has no vowels and no 0, 1 and 3; a number stands for it without them.
    const number = this.#replicaSets.of(`${namespace}/${name}`).slice("rs-".length);
    const hash = number.padStart(5, "0").replace(/[013]/g, (digit) => "bcxd"[Number(digit)]!);
    return { kind, name: `${other}-${hash}` };
  }

  pod(pod: DumpedPod): DumpedPod {
    const { namespace, name, nodeName, owner, addresses } = pod;
    return {
      ...pod,
      namespace: this.#namespaces.of(namespace),
      name: this.#pod(namespace, name),
      nodeName: nodeName === "" ? "" : this.#nodes.of(nodeName),
      owner: owner && this.#ownerOf(namespace, owner),
      addresses: addresses.map((address) => this.#address(address)),
    };
  }

  /** Owners that only names tell of are made out first, for other names tell nothing. */
  record(record: PodRecord): PodRecord {
    const pods = record.pods.map((pod) => {
      const { namespace, name } = pod;
      const owner = pod.owner === undefined ? guessOwner(name) : pod.owner;
      return {
        ...pod,
        namespace: this.#namespaces.of(namespace),
        name: this.#pod(namespace, name),
        owner: owner && this.#ownerOf(namespace, owner),
      };
    });
    return { ...record, pods };
  }

  /** Labels are left out but for a few; each pool that selects by them gets a label of its own. */
  node(node: DumpedNode, pools: readonly Stored<Pool>[]): DumpedNode {
    const labels = OPEN_LABELS.filter((label) => Object.hasOwn(node.labels, label)).map(
      (label) => [label, node.labels[label]!] as const,
    );
    const zone = node.labels[ZONE_LABEL];
    const zones = zone === undefined ? [] : [[ZONE_LABEL, this.#zones.of(zone)] as const];
    const pooled = pools
      .filter(({ value }) => isSelective(value) && selects(value.nodeSelector, node))
      .map(({ value }) => [this.#poolLabel(value), "yes"] as const);
    return {
      ...node,
      name: this.#nodes.of(node.name),
      labels: Object.fromEntries([...labels, ...zones, ...pooled]),
      tunnels: node.tunnels.map(({ use, address }) => ({ use, address: this.#address(address) })),
    };
  }

  #poolLabel({ name }: Pool): string {
    return `ipamlab.example/${this.#pools.of(name)}`;
  }

  pool(pool: Pool): Pool {
    return {
      ...pool,
      name: this.#pools.of(pool.name),
      cidr: pool.cidr && this.#cidr(pool.cidr),
      nodeSelector: isSelective(pool) ? `${this.#poolLabel(pool)} == 'yes'` : pool.nodeSelector,
      namespaceSelector: pool.namespaceSelector === "" ? "" : "has(anonymised)",
    };
  }

  run(dump: ClusterDump): ClusterDump {
    const named = <T extends { readonly object: { readonly name: string } }>(
      stored: T,
      name: string,
    ): T => ({ ...stored, object: { ...stored.object, name, uid: null, resourceVersion: "" } });
    const nodes = dump.nodes.map((node) => this.node(node, dump.pools));
    const pools = dump.pools.map((stored) => {
      const value = this.pool(stored.value);
      return named({ ...stored, value }, value.name);
    });
    return {
      ...dump,
      nodes,
      pools,
      pods: dump.pods.map((pod) => this.pod(pod)),
      blocks: dump.blocks.map((stored) => {
        const parts = partsOf(stored.value);
        const value = blockOf({
          ...parts,
          cidr: this.#cidr(parts.cidr),
          affinity: parts.affinity && this.#owner(parts.affinity),
          attributes: parts.attributes.map((attribute) => this.#attribute(attribute)),
        });
        const alternateOwners = new Map<number, Readonly<Record<string, string>>>();
        return named({ ...stored, value, alternateOwners }, blockName(value.cidr));
      }),
      affinities: dump.affinities.map((stored) => {
        const value = { ...this.#owner(stored.value), cidr: this.#cidr(stored.value.cidr) };
        return named({ ...stored, value }, affinityName(value.host, value.cidr));
      }),
      handles: dump.handles.map((stored) => {
        const value = {
          id: this.#handle(stored.value.id),
          blocks: stored.value.blocks.map(({ cidr, count }) => ({ cidr: this.#cidr(cidr), count })),
        };
        return named({ ...stored, value }, handleName(value.id));
      }),
      reservations: dump.reservations.map((stored) => {
        const name = this.#reservations.of(stored.value.name);
        const cidrs = stored.value.cidrs.map((text) => this.addresses?.text(text) ?? text);
        return named({ ...stored, value: { name, cidrs } }, name);
      }),
      clusterInformation: dump.clusterInformation && {
        ...dump.clusterInformation,
        guid: "00000000000000000000000000000000",
        resourceVersion: "",
      },
    };
  }
}

function isSelective({ nodeSelector }: Pool): boolean {
  return !/^\s*((all|global)\(\)\s*)?$/.test(nodeSelector);
}

function selects(text: string, { labels }: DumpedNode): boolean {
  const selector = parseSelector(text);
  return selector instanceof SelectorSyntaxError ? false : selector.evaluate(labels);
}

/**
 * The dump of the same cluster with other names: of nodes, namespaces, pods, workloads, handles,
 * pools, reservations, and with only a few labels. The same name becomes the same name everywhere, so
 * what is wrong with the cluster is still to be seen; kinds, times, free lists and counts stay.
 *
 * @param addresses the addresses to use instead; undefined: they stay as they are.
 */
export function anonymised(dump: ClusterDump, addresses: AddressMap | undefined): ClusterDump {
  return new Anonymiser(addresses).run(dump);
}

/** The same together with what happened to its pods, under the same other names. */
export function anonymisedWithRecord(
  dump: ClusterDump,
  record: PodRecord,
  addresses: AddressMap | undefined,
): { dump: ClusterDump; record: PodRecord } {
  const anonymiser = new Anonymiser(addresses);
  return { dump: anonymiser.run(dump), record: anonymiser.record(record) };
}
