import type { ClusterDump, ObjectIdentity, StoredBlock } from "../formats/cluster/cluster-dump.js";
import type { Seed } from "../formats/scenario/seed-schema.js";
import { addressBits } from "../model/address.js";
import type { Affinity, AffinityOwner, AffinityState } from "../model/affinity.js";
import type { Attribute } from "../model/attribute.js";
import { blockOf } from "../model/block-parts.js";
import { Cidr } from "../model/cidr.js";
import type { Handle } from "../model/handle.js";
import type { Node } from "../model/node.js";
import type { UsablePool } from "../model/pool.js";
import { parseSelector, SelectorSyntaxError } from "../model/selector.js";

/** The cluster that a state is made for. */
export interface SeededCluster {
  readonly pools: readonly UsablePool[];
  readonly nodes: readonly Node[];
}

/** A seed that does not fit into the cluster. */
export class SeedError extends Error {
  constructor(
    message: string,
    /** Its place in the list of seeds. */
    readonly index: number,
  ) {
    super(message);
  }
}

/** Sequence number of the blocks: a reading of the clock before the run. */
const SEQUENCE_NUMBER = 1_000_000_000n;

const OBJECT: ObjectIdentity = {
  apiVersion: "",
  kind: "",
  namespace: "",
  name: "",
  uid: null,
  resourceVersion: "",
};

/** Digits of the numbers in the names of dead nodes, as in those of live ones. */
const NUMBER_DIGITS = 4;

function selects({ nodeSelector }: UsablePool, node: Node): boolean {
  const selector = parseSelector(nodeSelector);
  return !(selector instanceof SelectorSyntaxError) && selector.evaluate(node.labels);
}

type HandleFate = "kept" | "lost" | "none";

/** Makes the blocks, affinities and handles of a scenario's seeds. */
class Seeder {
  readonly #blocks: StoredBlock[] = [];
  readonly #affinities: Affinity[] = [];
  readonly #handles: Handle[] = [];
  /** By pool, how many of its blocks are taken. */
  readonly #taken = new Map<string, number>();
  #gone = 0;
  #index = 0;

  constructor(private readonly cluster: SeededCluster) {}

  run(seeds: readonly Seed[]): ClusterDump {
    for (const [index, seed] of seeds.entries()) {
      this.#index = index;
      this.#make(seed);
    }
    const stored = <T>(value: T) => ({ object: OBJECT, value, isDeleted: false });
    return {
      blocks: this.#blocks,
      affinities: this.#affinities.map(stored),
      handles: this.#handles.map(stored),
      pools: [],
      reservations: [],
      nodes: [],
      pods: [],
      config: undefined,
      clusterInformation: undefined,
      // The pods are known: there are none.
      kinds: new Set(["Pod"]),
      skipped: [],
      warnings: [],
    };
  }

  #make(seed: Seed): void {
    switch (seed.kind) {
      case "leaked-handles":
        this.#leakHandles(seed.handles, this.#poolOf(seed.pool, undefined));
        return;
      case "dead-node-blocks":
        this.#makeDeadNodes(seed);
        return;
      default:
        for (const node of this.#nodesOf(seed.node)) {
          this.#makeOn(node, seed, this.#poolOf(seed.pool, node));
        }
    }
  }

  #makeOn(
    node: Node,
    seed: Exclude<Seed, { readonly kind: "leaked-handles" | "dead-node-blocks" }>,
    pool: UsablePool,
  ): void {
    const owner: AffinityOwner = { type: "host", host: node.name };
    if (seed.kind === "leaked-addresses") {
      this.#leakAddresses(owner, seed.addresses, seed.handle, pool);
      return;
    }
    for (let i = 0; i < seed.blocks; i++) {
      const cidr = this.#nextBlock(pool);
      switch (seed.kind) {
        case "full-blocks":
          this.#own(owner, cidr, cidr.size);
          break;
        case "empty-blocks":
          this.#own(owner, cidr, 0);
          break;
        case "pending-affinities":
          this.#claim(owner, cidr, "pending");
          break;
        case "double-affinities":
          this.#own(owner, cidr, Math.min(seed.addresses, cidr.size));
          this.#claim(this.#other(node, seed.otherNode), cidr, "confirmed");
          break;
        case "overlapping-blocks": {
          const inner = this.#innerBlock(cidr, seed.innerBlockSize);
          this.#own(owner, cidr, Math.min(seed.addresses, cidr.size));
          const other = this.#other(node, seed.otherNode);
          this.#own(other, inner, Math.min(seed.addresses, inner.size));
        }
      }
    }
  }

  #nodesOf(name: string | undefined): readonly Node[] {
    const { nodes } = this.cluster;
    return name === undefined ? nodes : nodes.filter((node) => node.name === name);
  }

  #poolOf(name: string | undefined, node: Node | undefined): UsablePool {
    const pool = this.cluster.pools.find((each) => {
      if (name !== undefined) return each.name === name;
      return !each.disabled && (node === undefined || selects(each, node));
    });
    if (pool === undefined) this.#refuse(`no pool for the node ${node?.name ?? ""}`);
    return pool;
  }

  #refuse(message: string): never {
    throw new SeedError(message, this.#index);
  }

  /** The next block of the pool that no seed has taken. */
  #nextBlock({ name, cidr, blockSize }: UsablePool): Cidr {
    const taken = this.#taken.get(name) ?? 0;
    const count = 2 ** (blockSize - cidr.prefix);
    if (taken >= count) {
      this.#refuse(`the pool ${name} holds ${count} blocks; the seeds up to here need more`);
    }
    this.#taken.set(name, taken + 1);
    const size = 2 ** (addressBits(cidr.version) - blockSize);
    return Cidr.containing(cidr.addressAt(taken * size), blockSize);
  }

  #innerBlock(outer: Cidr, prefix = outer.prefix + 2): Cidr {
    const longest = addressBits(outer.version);
    if (prefix <= outer.prefix || prefix > longest) {
      this.#refuse(`a block inside ${outer.text} has a prefix length up to ${longest}`);
    }
    return Cidr.containing(outer.base, prefix);
  }

  #other(node: Node, name: string | undefined): AffinityOwner {
    const { nodes } = this.cluster;
    const next = nodes[(nodes.indexOf(node) + 1) % nodes.length]!;
    const host = name ?? next.name;
    if (host === node.name) this.#refuse(`${host} has no other node next to it; give otherNode`);
    return { type: "host", host };
  }

  #claim({ type, host }: AffinityOwner, cidr: Cidr, state: AffinityState): void {
    this.#affinities.push({ type, host, cidr, state });
  }

  /** A block of an owner with its first addresses allocated to pods that are gone. */
  #own(owner: AffinityOwner, cidr: Cidr, allocated: number, fate: HandleFate = "kept"): void {
    const attributes: Attribute[] = [];
    for (let i = 0; i < allocated; i++) {
      const pod = `gone-${this.#gone++}`;
      const handle = fate === "none" ? null : `k8s-pod-network.${pod}`;
      attributes.push({ handle, secondary: { namespace: "default", node: owner.host, pod } });
      if (fate === "kept") this.#handles.push({ id: handle!, blocks: [{ cidr, count: 1 }] });
    }
    const ordinals = Array.from({ length: cidr.size }, (_, ordinal) => ordinal);
    const value = blockOf({
      cidr,
      affinity: owner,
      allocations: ordinals.map((ordinal) => (ordinal < allocated ? ordinal : null)),
      unallocated: ordinals.slice(allocated),
      attributes,
      sequenceNumber: SEQUENCE_NUMBER,
      allocationSequenceNumbers: new Map(),
      claimTimeSeconds: null,
    });
    this.#blocks.push({
      object: OBJECT,
      value,
      lostOrdinals: [],
      contestedOrdinals: [],
      isDeleted: false,
      alternateOwners: new Map(),
    });
    this.#claim(owner, cidr, "confirmed");
  }

  #leakAddresses(owner: AffinityOwner, count: number, fate: HandleFate, pool: UsablePool): void {
    for (let left = count; left > 0; ) {
      const cidr = this.#nextBlock(pool);
      const here = Math.min(left, cidr.size);
      this.#own(owner, cidr, here, fate);
      left -= here;
    }
  }

  #leakHandles(count: number, { cidr, blockSize }: UsablePool): void {
    const block = Cidr.containing(cidr.base, blockSize);
    for (let i = 0; i < count; i++) {
      const id = `k8s-pod-network.gone-${this.#gone++}`;
      this.#handles.push({ id, blocks: [{ cidr: block, count: 1 }] });
    }
  }

  #makeDeadNodes(seed: Extract<Seed, { readonly kind: "dead-node-blocks" }>): void {
    const pool = this.#poolOf(seed.pool, undefined);
    for (let node = 0; node < seed.nodes; node++) {
      const host = seed.prefix + String(node).padStart(NUMBER_DIGITS, "0");
      for (let i = 0; i < seed.blocks; i++) {
        const cidr = this.#nextBlock(pool);
        this.#own({ type: "host", host }, cidr, Math.min(seed.addresses, cidr.size));
      }
    }
  }
}

/**
 * Makes what the seeds of a scenario describe, as a dump of a cluster would hold it. Nothing of it
 * belongs to a pod that is there.
 *
 * @throws SeedError when a seed does not fit into the cluster.
 */
export function seedCluster(seeds: readonly Seed[], cluster: SeededCluster): ClusterDump {
  return new Seeder(cluster).run(seeds);
}
