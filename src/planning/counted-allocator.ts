import { addressBits, type IpVersion } from "../model/address.js";
import type { BlockIndex } from "../model/block-walk.js";
import { CalicoError } from "../model/calico-error.js";
import type { IpamConfig } from "../model/ipam-config.js";
import type { Node } from "../model/node.js";
import type { Pool, PoolUse } from "../model/pool.js";
import { type Reservation, ReservedAddresses } from "../model/reservation.js";
import type { Cidr } from "../model/cidr.js";
import { choosePools } from "../protocol/pool-choice.js";
import type { PoolView, PoolViews } from "../protocol/pool-views.js";
import type { Behaviours } from "../releases/behaviours.js";
import type { AllocationFailure } from "./allocation-failure.js";
import { type CountedBlock, CountedPool, type Lease, NO_OWNER } from "./counted-pool.js";

/** What the allocator is asked to serve. */
export interface CountedWorld {
  readonly release: Behaviours;
  readonly pools: readonly Pool[];
  readonly config: IpamConfig;
  readonly reservations: readonly Reservation[];
  /** Kept from run to run: what follows from pools and host names alone is worked out once. */
  readonly poolViews: PoolViews;
}

interface CountedNode {
  readonly node: Node;
  /** Its blocks of each version in storage order. */
  readonly own: Record<IpVersion, CountedBlock[]>;
  /** By version and use, found out at the first request. */
  readonly choices: Map<string, PoolsOfNode>;
}

/** Pools that a node may use, or why there are none. */
type PoolsOfNode =
  | { readonly pools: readonly CountedPool[]; readonly cidrs: string }
  | AllocationFailure;

const DEFAULT_MAX_BLOCKS_PER_HOST = 20;
const RECLAIM_MIN_AGE_SECONDS = 60;
const CLOCK_START_NS = 1_000_000_000n;

const VERSIONS: readonly IpVersion[] = [4, 6];

const BLOCK_LIMIT: AllocationFailure = {
  kind: "block limit of the node",
  text: "cannot allocate new block due to per host block limit",
};

/** The block that serves, or why none does. */
type Taken = CountedBlock | AllocationFailure;

/**
 * Calico's allocator reduced to counts: it decides from which block each pod gets its address, not
 * which address of it, so it needs neither datastore nor handles and is many times as fast. Its
 * decisions are those of `src/protocol/auto-assign.ts` for one client at a time without faults, block
 * for block; the tests, and every plan on some of its own runs, compare the two.
 */
export class CountedAllocator {
  readonly pools: readonly CountedPool[];
  blocks = 0;
  addresses = 0;
  borrowed = 0;
  readonly #world: CountedWorld;
  readonly #byPool = new Map<Pool, CountedPool>();
  readonly #enabled: Readonly<Record<IpVersion, readonly PoolView[]>>;
  readonly #nodes: CountedNode[] = [];
  readonly #versions: readonly IpVersion[];
  readonly #limit: number;
  /** Blocks that were there before the first request, by cidr. */
  readonly #adopted = new Map<string, CountedBlock>();
  #nowUs = 0;

  constructor(world: CountedWorld) {
    this.#world = world;
    const reserved = ReservedAddresses.read(world.reservations);
    if (!(reserved instanceof ReservedAddresses)) {
      throw new RangeError(`reservation with unreadable entry ${reserved.unreadable}`);
    }
    // Calico's lists of pools are in the order of names.
    const sorted = world.pools.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const set = world.poolViews.of(sorted);
    for (const view of set.all) {
      this.#byPool.set(view.pool, new CountedPool(view.pool.name, view.blocks, reserved));
    }
    this.#enabled = set.enabled;
    this.pools = [...this.#byPool.values()];
    const has = (version: IpVersion) => set.all.some(({ cidr }) => cidr.version === version);
    this.#versions = VERSIONS.filter(has);
    this.#limit = world.config.maxBlocksPerHost || DEFAULT_MAX_BLOCKS_PER_HOST;
  }

  /** Number of nodes that have joined. */
  get nodeCount(): number {
    return this.#nodes.length;
  }

  /** A node joins; its index is one above that of the last one. */
  joinNode(node: Node): number {
    this.#nodes.push({ node, own: { 4: [], 6: [] }, choices: new Map() });
    return this.#nodes.length - 1;
  }

  /**
   * A block that is there before the first request, in the pool whose blocks have its size.
   *
   * @param owner node index, or NO_OWNER or FOREIGN_OWNER.
   * @returns whether there is such a pool, and the place is free.
   */
  adoptBlock(cidr: Cidr, owner: number, held: number, claimTimeSeconds: number | null): boolean {
    for (const pool of this.pools) {
      const index = pool.indexOf(cidr);
      if (index === undefined || pool.at(index) !== undefined) continue;
      const block = pool.claim(index, owner, claimTimeSeconds);
      block.held = held;
      pool.held += held;
      this.addresses += held;
      this.blocks++;
      this.#adopted.set(cidr.text, block);
      if (owner >= 0) insert(this.#nodes[owner]!.own[cidr.version], block);
      return true;
    }
    return false;
  }

  /**
   * What a pod holds that runs already.
   *
   * @returns undefined when one of the blocks was not adopted.
   */
  adoptLease(nodeIndex: number, cidrs: readonly Cidr[]): Lease | undefined {
    const blocks: CountedBlock[] = [];
    for (const { text } of cidrs) {
      const block = this.#adopted.get(text);
      if (block === undefined) return undefined;
      blocks.push(block);
    }
    const borrowed = blocks.filter(({ owner }) => owner !== nodeIndex).length;
    this.borrowed += borrowed;
    return { blocks, borrowed, failure: undefined };
  }

  /** Every block that exists, pool by pool. */
  listBlocks(): CountedBlock[] {
    return this.pools.flatMap((pool) => pool.list());
  }

  /** Blocks that a node owns now. */
  blocksOf(nodeIndex: number): number {
    const { own } = this.#nodes[nodeIndex]!;
    return own[4].length + own[6].length;
  }

  /** Asks for one address of each version that the pools have. Equal leases may be one object. */
  assign(nodeIndex: number, nowUs: number, use: PoolUse = "Workload"): Lease {
    this.#nowUs = nowUs;
    const node = this.#nodes[nodeIndex]!;
    const [version] = this.#versions;
    if (this.#versions.length !== 1 || version === undefined) {
      return this.#assignSeveral(node, nodeIndex, use);
    }
    const taken = this.#take(node, nodeIndex, version, use);
    if ("kind" in taken) return { blocks: [], borrowed: 0, failure: taken };
    this.#hold(taken);
    if (taken.owner === nodeIndex) return taken.leases.own;
    this.borrowed++;
    return taken.leases.borrowed;
  }

  /** One address of each version. */
  #assignSeveral(node: CountedNode, nodeIndex: number, use: PoolUse): Lease {
    const blocks: CountedBlock[] = [];
    let failure: AllocationFailure | undefined;
    let borrowed = 0;
    for (const version of this.#versions) {
      const taken = this.#take(node, nodeIndex, version, use);
      if ("kind" in taken) {
        failure ??= taken;
        // An error ends the request; addresses that are merely missing do not.
        if (!isPartial(taken)) {
          failure = taken;
          break;
        }
      } else {
        this.#hold(taken);
        if (taken.owner !== nodeIndex) borrowed++;
        blocks.push(taken);
      }
    }
    this.borrowed += borrowed;
    return { blocks, borrowed, failure };
  }

  #hold(block: CountedBlock): void {
    block.held++;
    block.pool.held++;
    this.addresses++;
  }

  /**
   * How near the node is to asking in vain: the share of the addresses which it once could reach that
   * it cannot reach now; below 1. For the steps of a search of rare failures, so what is only roughly
   * right here (several pools, IPv6) makes it slower and never wrong.
   */
  nearness(nodeIndex: number): number {
    const node = this.#nodes[nodeIndex]!;
    let nearest = 0;
    for (const version of this.#versions) {
      const choice = this.#poolsFor(node, version, "Workload");
      if ("kind" in choice) continue;
      const own = node.own[version];
      const ownFree = own.reduce((sum, { capacity, held }) => sum + capacity - held, 0);
      const blocksLeft = Math.max(0, this.#limit - own.length);
      let unclaimed = 0;
      let free = 0;
      let all = 0;
      let blockAddresses = 1;
      for (const pool of choice.pools) {
        blockAddresses = pool.blockAddresses;
        const blocks = Number(pool.geometry.blockCount);
        unclaimed += blocks - pool.claimed;
        free += pool.free;
        all += blocks * blockAddresses;
      }
      const { strictAffinity } = this.#world.config;
      let reachable = unclaimed * blockAddresses + (strictAffinity ? ownFree : free);
      // The limit binds a node that borrows as well, as long as there are blocks to claim.
      if (strictAffinity || unclaimed > 0) {
        reachable = Math.min(reachable, ownFree + blocksLeft * blockAddresses);
      }
      if (strictAffinity) all = Math.min(all, this.#limit * blockAddresses);
      nearest = Math.max(nearest, 1 - (reachable + 1) / (all + 1));
    }
    return nearest;
  }

  /** Gives back what a lease holds. */
  release(lease: Lease): void {
    for (const block of lease.blocks) {
      block.held--;
      block.pool.held--;
      this.addresses--;
      if (block.held === 0 && block.owner === NO_OWNER) this.#remove(block);
    }
    this.borrowed -= lease.borrowed;
  }

  #take(node: CountedNode, nodeIndex: number, version: IpVersion, use: PoolUse): Taken {
    const choice = this.#poolsFor(node, version, use);
    if ("kind" in choice) return choice;
    const { pools } = choice;
    let ownCount = 0;
    for (const block of node.own[version]) {
      if (!pools.includes(block.pool)) continue;
      if (block.held < block.capacity) return block;
      ownCount++;
    }
    if (ownCount >= this.#limit) return BLOCK_LIMIT;
    const { config } = this.#world;
    if (!config.autoAllocateBlocks) {
      return { kind: "other", text: "failed to find or claim a block" };
    }
    const claimed = this.#claim(node, nodeIndex, version, pools);
    if (claimed !== undefined) return claimed;
    const nothing = `Assigned 0 out of 1 requested IPv${version} addresses; `;
    if (config.strictAffinity) {
      const text = `${nothing}No more free affine blocks and strict affinity enabled`;
      return { kind: "no block left (strict affinity)", text };
    }
    const text = `${nothing}No IPs available in pools: [${choice.cidrs}]`;
    return this.#borrow(node, pools) ?? { kind: "pool exhausted", text };
  }

  #poolsFor({ node, choices }: CountedNode, version: IpVersion, use: PoolUse): PoolsOfNode {
    const key = version === 4 ? use : `${use} 6`;
    let found = choices.get(key);
    if (found === undefined) {
      found = this.#choosePools(node, version, use);
      choices.set(key, found);
    }
    return found;
  }

  #choosePools(node: Node, version: IpVersion, use: PoolUse): PoolsOfNode {
    const owner = { type: "host", host: node.name } as const;
    const wish = { owner, requested: [], use, hostReserved: null, namespaceLabels: {} };
    const { release } = this.#world;
    const longest = addressBits(version);
    const choice = choosePools({ release }, this.#enabled[version], longest, node, wish);
    if (choice instanceof CalicoError) return { kind: "no pool for the node", text: choice.text };
    return {
      pools: choice.usable.map(({ pool }) => this.#byPool.get(pool)!),
      cidrs: choice.usable.map(({ cidr }) => cidr.text).join(" "),
    };
  }

  /** The first place of the host's walk over each pool that has no block; else a reclaimed one. */
  #claim(
    node: CountedNode,
    nodeIndex: number,
    version: IpVersion,
    pools: readonly CountedPool[],
  ): Taken | undefined {
    for (const pool of pools) {
      if (pool.claimed === pool.geometry.blockCount) continue;
      for (const index of this.#walk(node, pool)) {
        if (pool.at(index) !== undefined || pool.isReserved(index)) continue;
        return this.#claimAt(pool, index, node, nodeIndex, version);
      }
    }
    if (this.#world.release.reclaimEmptyBlocks === "never") return undefined;
    for (const pool of pools) {
      for (const index of this.#walk(node, pool)) {
        const block = pool.at(index);
        if (block === undefined || block.held > 0 || block.capacity === 0) continue;
        if (block.owner === NO_OWNER || pool.isReserved(index) || this.#isYoung(block)) continue;
        this.#remove(block);
        return this.#claimAt(pool, index, node, nodeIndex, version);
      }
    }
    return undefined;
  }

  #isYoung({ claimTimeSeconds }: CountedBlock): boolean {
    if (claimTimeSeconds === null) return false;
    const ageNs = this.#nowNs - BigInt(claimTimeSeconds) * 1_000_000_000n;
    return ageNs < BigInt(RECLAIM_MIN_AGE_SECONDS) * 1_000_000_000n;
  }

  get #nowNs(): bigint {
    return CLOCK_START_NS + BigInt(this.#nowUs) * 1000n;
  }

  #claimAt(
    pool: CountedPool,
    index: BlockIndex,
    { own }: CountedNode,
    nodeIndex: number,
    version: IpVersion,
  ): Taken {
    const isStamped = this.#world.release.reclaimEmptyBlocks !== "never";
    const seconds = isStamped ? Number(this.#nowNs / 1_000_000_000n) : null;
    const block = pool.claim(index, nodeIndex, seconds);
    this.blocks++;
    insert(own[version], block);
    if (block.capacity > 0) return block;
    const text = `Block '${block.cidr.text}' has 0 free ips which is less than 1 ips required.`;
    return { kind: "other", text };
  }

  #remove(block: CountedBlock): void {
    block.pool.remove(block);
    this.blocks--;
    if (block.owner < 0) return;
    const blocks = this.#nodes[block.owner]!.own[block.cidr.version];
    blocks.splice(blocks.indexOf(block), 1);
  }

  /** The first block of the host's walk over each pool that has an address left. */
  #borrow(node: CountedNode, pools: readonly CountedPool[]): CountedBlock | undefined {
    for (const pool of pools) {
      if (pool.free <= 0) continue;
      for (const index of this.#walk(node, pool)) {
        const block = pool.at(index);
        if (block !== undefined && block.held < block.capacity) return block;
      }
    }
    return undefined;
  }

  *#walk({ node }: CountedNode, { geometry }: CountedPool): Generator<BlockIndex, void> {
    const clock = geometry.hasSingleAddressBlocks ? this.#nowNs : undefined;
    const start = geometry.startIndex(node.name, clock);
    const { blockCount } = geometry;
    if (typeof start === "number") {
      for (let i = start; i < (blockCount as number); i++) yield i;
      for (let i = 0; i < start; i++) yield i;
    } else {
      for (let i = start; i < (blockCount as bigint); i++) yield i;
      for (let i = 0n; i < start; i++) yield i;
    }
  }
}

/** Puts a block where it stands in storage order. */
function insert(blocks: CountedBlock[], block: CountedBlock): void {
  const after = blocks.findIndex(({ storageKey }) => storageKey > block.storageKey);
  blocks.splice(after < 0 ? blocks.length : after, 0, block);
}

/** Whether Calico returns it as too few addresses, and not as an error that ends the request. */
function isPartial({ kind }: AllocationFailure): boolean {
  return kind === "pool exhausted" || kind === "no block left (strict affinity)";
}
