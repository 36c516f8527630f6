import { formatAddress } from "../model/address.js";
import type { Block } from "../model/block.js";
import { Allocation } from "./allocation.js";

/** Adds to a map of maps. */
function put<T>(index: Map<string, Map<string, T>>, key: string, id: string, value: T): void {
  const entries = index.get(key);
  if (entries === undefined) index.set(key, new Map([[id, value]]));
  else entries.set(id, value);
}

/** Takes out of a map of maps, whose entries are never empty. */
function take<T>(index: Map<string, Map<string, T>>, key: string, id: string): void {
  const entries = index.get(key);
  entries?.delete(id);
  if (entries?.size === 0) index.delete(key);
}

const NONE: ReadonlyMap<string, Allocation> = new Map();

/**
 * What the collector knows of blocks and allocations, from its watch
 * (`kube-controllers/pkg/controllers/node/ipam.go@v3.28.4`). It errs as the real one does: an id that
 * is known keeps the attributes and the sequence number of its first sight, and what a deleted block
 * held stays in the index of handles.
 */
export class BlockIndex {
  readonly #blocks = new Map<string, Block>();
  readonly #owners = new Map<string, string>();
  readonly #blocksOfNode = new Map<string, Set<string>>();
  readonly #empty = new Map<string, string>();
  readonly #byBlock = new Map<string, Map<string, Allocation>>();
  readonly #byNode = new Map<string, Map<string, Allocation>>();
  readonly #byHandle = new Map<string, Map<string, Allocation>>();

  /** The cached block of this cidr text. */
  block(cidr: string): Block | undefined {
    return this.#blocks.get(cidr);
  }

  /** Nodes that own blocks or hold allocations. */
  get nodes(): string[] {
    return [...new Set([...this.#owners.values(), ...this.#byNode.keys()])];
  }

  allocationsOfNode(node: string): Allocation[] {
    return [...(this.#byNode.get(node) ?? NONE).values()];
  }

  /** Every allocation that has a node, which are those that can be collected. */
  get allocations(): Allocation[] {
    return [...this.#byNode.values()].flatMap((entries) => [...entries.values()]);
  }

  /** Owned blocks without any allocation: cidr text and owner. */
  get emptyBlocks(): (readonly [cidr: string, node: string])[] {
    return [...this.#empty];
  }

  blocksOfNode(node: string): readonly string[] {
    return [...(this.#blocksOfNode.get(node) ?? [])];
  }

  /** Whether every known allocation of the handle is a confirmed leak. */
  isLeakedHandle(handle: string): boolean {
    if (this.#byHandle.size === 0) return false;
    return [...(this.#byHandle.get(handle) ?? NONE).values()].every((known) => known.isConfirmed);
  }

  /**
   * Takes in a new version of a block.
   *
   * @returns ids of the allocations that are gone.
   */
  updateBlock(block: Block): string[] {
    const cidr = block.cidr.text;
    this.#updateOwner(block);
    const present = this.#addAllocations(block);
    const gone = [...(this.#byBlock.get(cidr) ?? NONE).values()].filter(
      (known) => !present.has(known.id),
    );
    for (const known of gone) {
      take(this.#byHandle, known.handle, known.id);
      take(this.#byBlock, cidr, known.id);
      take(this.#byNode, known.node, known.id);
    }
    this.#empty.delete(cidr);
    const owner = block.affinity?.type === "host" ? block.affinity.host : "";
    // Windows' reserved addresses count: a block with them is never empty here.
    if (owner !== "" && block.allocatedCount === 0) this.#empty.set(cidr, owner);
    this.#blocks.set(cidr, block);
    return gone.map((known) => known.id);
  }

  /** Forgets a block that the watch says is deleted; its allocations stay known by handle. */
  deleteBlock(cidr: string): void {
    for (const known of (this.#byBlock.get(cidr) ?? NONE).values()) {
      take(this.#byNode, known.node, known.id);
    }
    this.#byBlock.delete(cidr);
    this.forgetBlock(cidr);
  }

  /** Forgets an empty block that the collector itself has given up. */
  forgetBlock(cidr: string): void {
    const owner = this.#owners.get(cidr);
    if (owner !== undefined) this.#blocksOfNode.get(owner)?.delete(cidr);
    this.#owners.delete(cidr);
    this.#empty.delete(cidr);
    this.#blocks.delete(cidr);
  }

  /** Drops a released allocation from its node; the rest follows with the block's update. */
  forgetOnNode(released: Allocation): void {
    take(this.#byNode, released.node, released.id);
  }

  #updateOwner({ cidr, affinity }: Block): void {
    if (affinity === null) {
      const former = this.#owners.get(cidr.text);
      if (former !== undefined) this.#blocksOfNode.get(former)?.delete(cidr.text);
      this.#owners.delete(cidr.text);
    } else if (affinity.type === "host") {
      // A block that changed hands between two updates stays with its former owner too.
      this.#owners.set(cidr.text, affinity.host);
      const blocks = this.#blocksOfNode.get(affinity.host) ?? new Set();
      this.#blocksOfNode.set(affinity.host, blocks.add(cidr.text));
    }
  }

  /** Adds what is not yet known; returns the ids of all that the block holds. */
  #addAllocations(block: Block): ReadonlySet<string> {
    const cidr = block.cidr.text;
    const present = new Set<string>();
    for (let ordinal = 0; ordinal < block.size; ordinal++) {
      const attribute = block.attributeOf(ordinal);
      if (attribute === undefined || attribute.handle === null) continue;
      const { handle, secondary } = attribute;
      const address = formatAddress(block.cidr.addressAt(ordinal));
      const sequenceNumber = block.sequenceNumberOf(ordinal) ?? 0n;
      const allocation = new Allocation(address, handle, secondary, sequenceNumber, cidr);
      present.add(allocation.id);
      if (this.#byBlock.get(cidr)?.has(allocation.id) === true) continue;
      put(this.#byBlock, cidr, allocation.id, allocation);
      put(this.#byHandle, handle, allocation.id, allocation);
      if (allocation.node !== "") put(this.#byNode, allocation.node, allocation.id, allocation);
    }
    return present;
  }
}
