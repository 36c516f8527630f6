import { type AddressNumber, addressBits } from "./address.js";
import { Cidr } from "./cidr.js";
import { GoRandom } from "./go-random.js";

const FNV_OFFSET_BASIS = 2166136261;
const FNV_PRIME = 16777619;

const utf8 = new TextEncoder();

/**
 * FNV-1, 32 bit, of the UTF-8 bytes of a text: Calico's seed for a host name
 * (`determineSeed`, `libcalico-go/lib/ipam/ipam_block_reader_writer.go@v3.28.4`). FNV-1 multiplies
 * first and then mixes in the byte; FNV-1a, which is more common, does it the other way round.
 */
export function fnv1Hash32(text: string): number {
  let hash = FNV_OFFSET_BASIS;
  for (const byte of utf8.encode(text)) hash = Math.imul(hash, FNV_PRIME) ^ byte;
  return hash >>> 0;
}

/**
 * Number of a block in its pool, from 0, or a number of blocks. A number in pools of up to 2^53
 * blocks, else a bigint: all indexes of one pool are of one type.
 */
export type BlockIndex = number | bigint;

/** Above this many blocks a pool's networks are made anew each time instead of being kept. */
const MAX_KEPT_BLOCKS = 2 ** 20;

/** Prefix lengths of pool and block differ by at most this when indexes are numbers. */
const MAX_NUMBER_INDEX_BITS = 53;

/**
 * The blocks of one pool: how many there are, which is where, and where each host starts its walk
 * over them (`randomBlockGenerator`, `libcalico-go/lib/ipam/ipam_block_reader_writer.go@v3.28.4`).
 * It depends on the pool's cidr, the block size and the host name only.
 *
 * An instance keeps the networks it made (in pools of up to 2^20 blocks) and the start of each host,
 * so callers hold on to it as long as the pool lives.
 */
export class BlockGeometry {
  /** Number of blocks in the pool; 0 when a block would be larger than the pool. */
  readonly blockCount: BlockIndex;
  /** Whether a block is a single address: then a walk starts anywhere, by the clock. */
  readonly hasSingleAddressBlocks: boolean;
  /** Bits of an address below the block's prefix. */
  readonly #hostBits: number;
  readonly #startIndexes = new Map<string, BlockIndex>();
  /** Block by index, with holes; empty until the first block is made. */
  #keptBlocks: (Cidr | undefined)[] = [];

  /**
   * @param pool Network of the pool.
   * @param blockSize Prefix length of its blocks, 0 to 32 or 0 to 128.
   * @throws RangeError when the block size is not a prefix length of the pool's IP version.
   */
  constructor(
    readonly pool: Cidr,
    readonly blockSize: number,
  ) {
    const width = addressBits(pool.version);
    if (!Number.isInteger(blockSize) || blockSize < 0 || blockSize > width) {
      throw new RangeError(`a block size is from 0 to ${width}, not ${blockSize}`);
    }
    this.#hostBits = width - blockSize;
    this.hasSingleAddressBlocks = blockSize === width;
    const indexBits = blockSize - pool.prefix;
    if (indexBits < 0) {
      this.blockCount = 0;
    } else if (indexBits <= MAX_NUMBER_INDEX_BITS) {
      this.blockCount = 2 ** indexBits;
    } else {
      this.blockCount = 1n << BigInt(indexBits);
    }
  }

  /**
   * The block with this index.
   * @throws RangeError when the pool has no such index, or it is of the other type than `blockCount`.
   */
  blockAt(index: BlockIndex): Cidr {
    if (typeof index === "bigint") {
      this.#checkIndex(index);
      return this.#makeBlock(index);
    }
    return this.#keptBlocks[index] ?? this.#blockAtFirstTime(index);
  }

  #blockAtFirstTime(index: number): Cidr {
    this.#checkIndex(index);
    const block = this.#makeBlock(index);
    const blockCount = this.blockCount as number;
    if (blockCount <= MAX_KEPT_BLOCKS) {
      if (this.#keptBlocks.length === 0) this.#keptBlocks = new Array<Cidr>(blockCount);
      this.#keptBlocks[index] = block;
    }
    return block;
  }

  #checkIndex(index: BlockIndex): void {
    const isOfPool =
      typeof index === typeof this.blockCount &&
      (typeof index === "bigint" || Number.isInteger(index)) &&
      index >= 0 &&
      index < this.blockCount;
    if (!isOfPool) {
      throw new RangeError(`no block ${index} in ${this.pool.text} by /${this.blockSize}`);
    }
  }

  #makeBlock(index: BlockIndex): Cidr {
    const { base } = this.pool;
    const address =
      typeof base === "number"
        ? base + Number(index) * 2 ** this.#hostBits
        : base + (BigInt(index) << BigInt(this.#hostBits));
    return Cidr.containing(address, this.blockSize);
  }

  /**
   * The block that an address of this pool belongs to, existing or not: the address with the bits
   * below the block size cleared. Undefined for an address outside the pool.
   */
  blockContaining(address: AddressNumber): Cidr | undefined {
    if (!this.pool.contains(address)) return undefined;
    // A block size shorter than the pool's prefix: the block sticks out of the pool.
    if (this.blockCount === 0) return Cidr.containing(address, this.blockSize);
    return this.blockAt(this.#indexOf(address));
  }

  #indexOf(address: AddressNumber): BlockIndex {
    const { base } = this.pool;
    if (typeof address === "number") {
      return Math.floor((address - (base as number)) / 2 ** this.#hostBits);
    }
    const index = (address - (base as bigint)) >> BigInt(this.#hostBits);
    return typeof this.blockCount === "number" ? Number(index) : index;
  }

  /**
   * Index of the block at which a host's walk starts: drawn from Go's generator, seeded with the
   * host name; or, when blocks are single addresses, with the clock.
   *
   * @param host Host name; the empty one is a name like others.
   * @param clockNs Nanoseconds since 1970. Only single-address blocks need it, and look at it.
   * @throws RangeError when blocks are single addresses and the clock is not given.
   */
  startIndex(host: string, clockNs?: number | bigint): BlockIndex {
    if (this.hasSingleAddressBlocks) {
      if (clockNs === undefined) {
        throw new RangeError("the walk over single-address blocks starts by the clock: not given");
      }
      return new GoRandom(clockNs).drawIndex(this.blockCount);
    }
    let index = this.#startIndexes.get(host);
    if (index === undefined) {
      index = new GoRandom(fnv1Hash32(host)).drawIndex(this.blockCount);
      this.#startIndexes.set(host, index);
    }
    return index;
  }

  /**
   * A host's walk over all blocks, from its start. Each walk starts there again.
   * @param nowNs Clock in nanoseconds since 1970; read only when blocks are single addresses.
   */
  walk(host: string, nowNs: () => number | bigint): BlockWalk {
    return this.walkFrom(this.startIndex(host, this.hasSingleAddressBlocks ? nowNs() : undefined));
  }

  /**
   * A walk over all blocks from this index on, and round at the end of the pool.
   * @throws RangeError when the pool has blocks, but none with this index.
   */
  walkFrom(start: BlockIndex): BlockWalk {
    if (this.blockCount !== 0) this.#checkIndex(start);
    return new BlockWalk(this, start);
  }
}

/** One pass over the blocks of a pool: each block once, ascending from the start and then round. */
export class BlockWalk {
  #taken = 0;

  /** Made by `BlockGeometry`, which makes sure that the start is an index of the pool. */
  constructor(
    readonly geometry: BlockGeometry,
    /** Index of the first block; 0 in a pool without blocks. */
    readonly startIndex: BlockIndex,
  ) {}

  /** The next block, or undefined when all were given. */
  next(): Cidr | undefined {
    if (this.#taken >= this.geometry.blockCount) return undefined;
    return this.geometry.blockAt(this.#indexAt(this.#taken++));
  }

  /**
   * The block at this position of the walk, whatever `next` has given: 0 is the first. Undefined
   * when the walk is not that long.
   */
  at(position: number): Cidr | undefined {
    if (!(position >= 0 && position < this.geometry.blockCount)) return undefined;
    return this.geometry.blockAt(this.#indexAt(position));
  }

  #indexAt(position: number): BlockIndex {
    const { blockCount } = this.geometry;
    const start = this.startIndex;
    if (typeof start === "bigint") return (start + BigInt(position)) % (blockCount as bigint);
    // Subtracting first keeps every number exact: the sum could be above 2^53.
    const untilEnd = (blockCount as number) - start;
    return position < untilEnd ? start + position : position - untilEnd;
  }
}
