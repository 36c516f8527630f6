import { addressBits } from "../model/address.js";
import type { BlockGeometry, BlockIndex } from "../model/block-walk.js";
import type { Cidr } from "../model/cidr.js";
import type { ReservedAddresses } from "../model/reservation.js";
import type { AllocationFailure } from "./allocation-failure.js";

/** Pools of up to this many blocks have their blocks looked up in an array. */
const DENSE_BLOCKS_MAX = 2 ** 16;

/** A block that exists: who owns it and how many of its addresses are held. */
export interface CountedBlock {
  readonly cidr: Cidr;
  readonly pool: CountedPool;
  readonly index: BlockIndex;
  /** Key by which storage lists it among the blocks of its owner. */
  readonly storageKey: string;
  /** Addresses that can be given out: the block's size without the reserved ones. */
  readonly capacity: number;
  /** Node index of the owner; negative when it has none. */
  owner: number;
  held: number;
  /** Seconds since 1970 of the claim; null where blocks carry none. */
  claimTimeSeconds: number | null;
  /** What whoever has one of its addresses holds; made once, for there are many who do. */
  readonly leases: { readonly own: Lease; readonly borrowed: Lease };
}

/** The blocks from which a pod, or a node's tunnel, has its addresses: at most one of each version. */
export interface Lease {
  readonly blocks: readonly CountedBlock[];
  /** How many of them belong to other nodes. */
  readonly borrowed: number;
  /** Undefined when it got all that it asked for. */
  readonly failure: AllocationFailure | undefined;
}

export const NO_OWNER = -1;

/** Owned by a host that is no node of the run. */
export const FOREIGN_OWNER = -2;

/** The blocks of one pool that exist, by their place in the pool, with sums. */
export class CountedPool {
  claimed = 0;
  /** Addresses held in its blocks. */
  held = 0;
  /** Addresses that can be given out in the blocks that exist. */
  #capacity = 0;
  /** Addresses of a whole block. */
  readonly blockAddresses: number;
  readonly #dense: (CountedBlock | undefined)[] | undefined;
  readonly #sparse = new Map<BlockIndex, CountedBlock>();

  constructor(
    readonly name: string,
    readonly geometry: BlockGeometry,
    private readonly reserved: ReservedAddresses,
  ) {
    const count = Number(geometry.blockCount);
    this.blockAddresses = 2 ** (addressBits(geometry.pool.version) - geometry.blockSize);
    this.#dense = count <= DENSE_BLOCKS_MAX ? new Array(count).fill(undefined) : undefined;
  }

  /** Addresses that could be taken now from blocks that exist. */
  get free(): number {
    return this.#capacity - this.held;
  }

  at(index: BlockIndex): CountedBlock | undefined {
    return this.#dense === undefined ? this.#sparse.get(index) : this.#dense[index as number];
  }

  list(): CountedBlock[] {
    if (this.#dense === undefined) return [...this.#sparse.values()];
    return this.#dense.filter((block) => block !== undefined);
  }

  /** The place of a block of this pool; undefined for other networks, and blocks of another size. */
  indexOf(cidr: Cidr): BlockIndex | undefined {
    const { pool, blockSize, blockCount } = this.geometry;
    if (cidr.version !== pool.version || cidr.prefix !== blockSize || !pool.covers(cidr)) {
      return undefined;
    }
    const index = (BigInt(cidr.base) - BigInt(pool.base)) / BigInt(this.blockAddresses);
    return typeof blockCount === "number" ? Number(index) : index;
  }

  /** Makes the block at this place, with nothing held. */
  claim(index: BlockIndex, owner: number, claimTimeSeconds: number | null): CountedBlock {
    const cidr = this.geometry.blockAt(index);
    const blocks: CountedBlock[] = [];
    const block: CountedBlock = {
      cidr,
      pool: this,
      index,
      storageKey: cidr.text.replace("/", "-"),
      capacity: this.#capacityOf(cidr),
      owner,
      held: 0,
      claimTimeSeconds,
      leases: {
        own: { blocks, borrowed: 0, failure: undefined },
        borrowed: { blocks, borrowed: 1, failure: undefined },
      },
    };
    blocks.push(block);
    if (this.#dense === undefined) this.#sparse.set(index, block);
    else this.#dense[index as number] = block;
    this.claimed++;
    this.#capacity += block.capacity;
    return block;
  }

  remove(block: CountedBlock): void {
    if (this.#dense === undefined) this.#sparse.delete(block.index);
    else this.#dense[block.index as number] = undefined;
    this.claimed--;
    this.#capacity -= block.capacity;
  }

  /** Whether a block may never be used, because all of it is reserved. */
  isReserved(index: BlockIndex): boolean {
    return !this.reserved.isEmpty && this.reserved.coversWhole(this.geometry.blockAt(index));
  }

  #capacityOf(cidr: Cidr): number {
    const { reserved } = this;
    if (reserved.isEmpty || !reserved.overlaps(cidr)) return cidr.size;
    if (reserved.coversWhole(cidr)) return 0;
    let capacity = 0;
    for (let ordinal = 0; ordinal < cidr.size; ordinal++) {
      if (!reserved.has(cidr.addressAt(ordinal))) capacity++;
    }
    return capacity;
  }
}
