import { formatAddress } from "../model/address.js";
import type { Block } from "../model/block.js";
import { Allocation } from "./allocation.js";

/** Allocations by a text; the lists are never empty. */
class AllocationLists {
  readonly #lists = new Map<string, Allocation[]>();

  get size(): number {
    return this.#lists.size;
  }

  get(key: string): readonly Allocation[] {
    return this.#lists.get(key) ?? NONE;
  }

  /** Adds one; it takes the place of a former one of the same id. */
  add(key: string, allocation: Allocation): void {
    const list = this.#lists.get(key);
    if (list === undefined) {
      this.#lists.set(key, [allocation]);
      return;
    }
    const former = list.findIndex((known) => known.id === allocation.id);
    if (former === -1) list.push(allocation);
    else list[former] = allocation;
  }

  remove(key: string, { id }: Allocation): void {
    const list = this.#lists.get(key);
    const index = list?.findIndex((known) => known.id === id) ?? -1;
    if (list === undefined || index === -1) return;
    if (list.length === 1) this.#lists.delete(key);
    else list.splice(index, 1);
  }
}

const NONE: readonly Allocation[] = [];

interface KnownBlock {
  readonly block: Block;
  /** By ordinal; undefined where nothing with a handle is allocated. */
  readonly allocations: (Allocation | undefined)[];
}

/** What a new version of a block brought. */
export interface BlockChange {
  readonly added: readonly Allocation[];
  readonly gone: readonly Allocation[];
  /** The node that owns the block since this version; empty when that has not changed. */
  readonly newOwner: string;
}

/**
 * What the collector knows of blocks and allocations, from its watch
 * (`kube-controllers/pkg/controllers/node/ipam.go@v3.28.4`). It errs as the real one does: an id that
 * is known keeps the attributes and the sequence number of its first sight, and up to v3.31.4 what a
 * deleted block held stays in the index of handles.
 */
export class BlockIndex {
  readonly #blocks = new Map<string, KnownBlock>();
  readonly #owners = new Map<string, string>();
  readonly #blocksOfNode = new Map<string, Set<string>>();
  readonly #empty = new Map<string, string>();
  readonly #byNode = new Map<string, Map<string, Allocation>>();
  readonly #byHandle = new AllocationLists();
  readonly #byPod = new AllocationLists();
  #countOnNodes = 0;

  /** @param keepsStaleEntries what deleted blocks held stays known by handle. */
  constructor(private readonly keepsStaleEntries: boolean) {}

  /** The cached block of this cidr text. */
  block(cidr: string): Block | undefined {
    return this.#blocks.get(cidr)?.block;
  }

  /** Every cached block with what it holds, as far as that has a handle. */
  *contents(): IterableIterator<readonly [Block, readonly Allocation[]]> {
    for (const { block, allocations } of this.#blocks.values()) {
      yield [block, allocations.filter((allocation) => allocation !== undefined)];
    }
  }

  /** Nodes that own blocks or hold allocations. */
  get nodes(): string[] {
    return [...new Set([...this.#owners.values(), ...this.#byNode.keys()])];
  }

  /** Whether the node owns blocks or holds allocations. */
  hasNode(node: string): boolean {
    if (this.#byNode.has(node)) return true;
    for (const cidr of this.#blocksOfNode.get(node) ?? []) {
      // A block that changed hands unnoticed is listed for its former owner too.
      if (this.#owners.get(cidr) === node) return true;
    }
    return false;
  }

  allocationsOfNode(node: string): Allocation[] {
    return [...(this.#byNode.get(node)?.values() ?? [])];
  }

  /** Number of allocations on a node. */
  countOnNode(node: string): number {
    return this.#byNode.get(node)?.size ?? 0;
  }

  /** Number of allocations that have a node, which are those that can be collected. */
  get countOnNodes(): number {
    return this.#countOnNodes;
  }

  /** Nodes with allocations, and how many. */
  get countsByNode(): (readonly [node: string, count: number])[] {
    return [...this.#byNode].map(([node, { size }]) => [node, size]);
  }

  /** How many allocations that have a node are such. */
  count(isCounted: (allocation: Allocation) => boolean): number {
    let count = 0;
    for (const entries of this.#byNode.values()) {
      for (const allocation of entries.values()) if (isCounted(allocation)) count++;
    }
    return count;
  }

  /** Every allocation that has a node. */
  get allocations(): Allocation[] {
    return [...this.#byNode.values()].flatMap((entries) => [...entries.values()]);
  }

  /** Allocations that say they are for this pod. */
  allocationsOfPod(namespace: string, name: string): readonly Allocation[] {
    return this.#byPod.get(`${namespace}/${name}`);
  }

  /** Owned blocks without any allocation: cidr text and owner. */
  get emptyBlocks(): (readonly [cidr: string, node: string])[] {
    return [...this.#empty];
  }

  blocksOfNode(node: string): ReadonlySet<string> {
    return this.#blocksOfNode.get(node) ?? new Set();
  }

  /** Whether every known allocation of the handle is a confirmed leak. */
  isLeakedHandle(handle: string): boolean {
    if (this.#byHandle.size === 0) return false;
    return this.#byHandle.get(handle).every((known) => known.isConfirmed);
  }

  /** Takes in a new version of a block. */
  updateBlock(block: Block): BlockChange {
    const cidr = block.cidr.text;
    const formerOwner = this.#owners.get(cidr);
    this.#updateOwner(block);
    const allocations = this.#blocks.get(cidr)?.allocations ?? [];
    const added: Allocation[] = [];
    const gone: Allocation[] = [];
    const { size } = block;
    for (let ordinal = 0; ordinal < size; ordinal++) {
      const handle = block.attributeOf(ordinal)?.handle ?? null;
      const known = allocations[ordinal];
      if (known?.handle === handle || (known === undefined && handle === null)) continue;
      if (known !== undefined) gone.push(known);
      const present = handle === null ? undefined : allocationAt(block, ordinal, handle);
      if (present !== undefined) added.push(present);
      allocations[ordinal] = present;
    }
    for (const allocation of added) this.#add(allocation);
    for (const allocation of gone) this.#remove(allocation);
    this.#empty.delete(cidr);
    const owner = block.affinity?.type === "host" ? block.affinity.host : "";
    // Windows' reserved addresses count: a block with them is never empty here.
    if (owner !== "" && block.allocatedCount === 0) this.#empty.set(cidr, owner);
    this.#blocks.set(cidr, { block, allocations });
    return { added, gone, newOwner: owner === formerOwner ? "" : owner };
  }

  /**
   * Forgets a block that the watch says is deleted.
   *
   * @returns what it held.
   */
  deleteBlock(cidr: string): Allocation[] {
    const held = this.#blocks.get(cidr)?.allocations.filter((known) => known !== undefined) ?? [];
    for (const known of held) {
      if (this.keepsStaleEntries) this.#removeFromNode(known);
      else this.#remove(known);
    }
    this.forgetBlock(cidr);
    return held;
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
    this.#removeFromNode(released);
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

  #add(allocation: Allocation): void {
    this.#byHandle.add(allocation.handle, allocation);
    if (allocation.purpose === "pod") this.#byPod.add(allocation.podKey, allocation);
    const { node, id } = allocation;
    if (node === "") return;
    const entries = this.#byNode.get(node);
    if (entries === undefined) this.#byNode.set(node, new Map([[id, allocation]]));
    else entries.set(id, allocation);
    this.#countOnNodes++;
  }

  #remove(allocation: Allocation): void {
    this.#byHandle.remove(allocation.handle, allocation);
    this.#removeFromNode(allocation);
  }

  #removeFromNode(allocation: Allocation): void {
    if (allocation.purpose === "pod") this.#byPod.remove(allocation.podKey, allocation);
    const entries = this.#byNode.get(allocation.node);
    if (entries?.delete(allocation.id) !== true) return;
    this.#countOnNodes--;
    if (entries.size === 0) this.#byNode.delete(allocation.node);
  }
}

function allocationAt(block: Block, ordinal: number, handle: string): Allocation {
  return new Allocation(
    formatAddress(block.cidr.addressAt(ordinal)),
    handle,
    block.attributeOf(ordinal)?.secondary ?? null,
    block.sequenceNumberOf(ordinal) ?? 0n,
    block.cidr.text,
  );
}
