import { BlockGeometry } from "../model/block-walk.js";
import { Cidr } from "../model/cidr.js";
import type { IpamConfig } from "../model/ipam-config.js";
import { ReservedAddresses } from "../model/reservation.js";
import { type AllocatorLayout, BLOCK_SHIFT, BlockWord, Header } from "./layout.js";

/** Plain data from which a worker attaches to the memory. */
export interface MemoryHandle {
  readonly memory: WebAssembly.Memory;
  readonly layout: AllocatorLayout;
  /** Reserved networks, as texts. */
  readonly reserved: readonly string[];
}

/** The shared memory of the allocators, as one thread sees it. */
export class AllocatorMemory {
  readonly words: Int32Array;
  readonly buffer: SharedArrayBuffer;
  readonly layout: AllocatorLayout;
  readonly #reserved: ReservedAddresses;
  readonly #geometries: readonly BlockGeometry[];

  private constructor(readonly handle: MemoryHandle) {
    this.buffer = handle.memory.buffer;
    this.layout = handle.layout;
    this.words = new Int32Array(this.buffer);
    const read = ReservedAddresses.read([{ name: "", cidrs: handle.reserved }]);
    this.#reserved = read instanceof ReservedAddresses ? read : ReservedAddresses.none;
    this.#geometries = handle.layout.pools.map(
      (pool) => new BlockGeometry(Cidr.of(pool.cidr), pool.blockSize),
    );
  }

  static attach(handle: MemoryHandle): AllocatorMemory {
    return new AllocatorMemory(handle);
  }

  /** Whether an ordinal is never given out automatically. */
  readonly isReserved = (block: number, ordinal: number): boolean =>
    !this.#reserved.isEmpty && this.#reserved.has(this.cidrOf(block).addressAt(ordinal));

  /** The network of a block. */
  cidrOf(block: number): Cidr {
    const pool = this.words[this.layout.blocksAt + (block << BLOCK_SHIFT) + BlockWord.pool]!;
    return this.#geometries[pool]!.blockAt(block - this.layout.pools[pool]!.firstBlock);
  }

  /** Sets the configuration; only while no thread is at work. */
  configure(config: IpamConfig): void {
    this.words[Header.strictAffinity] = config.strictAffinity ? 1 : 0;
    this.words[Header.autoAllocateBlocks] = config.autoAllocateBlocks ? 1 : 0;
    this.words[Header.maxBlocksPerHost] = config.maxBlocksPerHost;
  }
}
