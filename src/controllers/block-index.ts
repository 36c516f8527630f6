import { formatAddress } from "../model/address.js";
import type { Block } from "../model/block.js";
import { Allocation } from "./allocation.js";

/** Allocations by a text. Nearly every text has one, which needs no list. */
class AllocationLists {
  readonly #held = new Map<string, Allocation | Allocation[]>();

  get size(): number {
    return this.#held.size;
  }

  get(key: string): readonly Allocation[] {
    const held = this.#held.get(key);
    if (held === undefined) return NONE;
    return held instanceof Allocation ? [held] : held;
  }

  /** Adds one; it takes the place of a former one of the same id. */
  add(key: string, allocation: Allocation): void {
    const held = this.#held.get(key);
    if (held === undefined) {
      this.#held.set(key, allocation);
      return;
    }
    const list = held instanceof Allocation ? [held] : held;
    const former = list.findIndex((known) => known.id === allocation.id);
    if (former === -1) list.push(allocation);
    else list[former] = allocation;
    this.#held.set(key, list);
  }

  remove(key: string, { id }: Allocation): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    if (held instanceof Allocation) {
      if (held.id === id) this.#held.delete(key);
      return;
    }
    const index = held.findIndex((known) => known.id === id);
    if (index !== -1) held.splice(index, 1);
    if (held.length === 0) this.#held.delete(key);
  }
}

const NONE: readonly Allocation[] = [];

/** What one node holds, by id. */
interface NodeAllocations {
  readonly all: Map<string, Allocation>;
  /** Those that the next check of the node must look at. */
  readonly unsettled: Set<Allocation>;
}

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
  readonly #byNode = new Map<string, NodeAllocations>();
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

  /** What a node holds; to be looked at, not kept. */
  allocationsOfNode(node: string): Iterable<Allocation> {
    return this.#byNode.get(node)?.all.values() ?? NONE;
  }

  /** Those of a node's allocations that are not settled; the caller may settle the one at hand. */
  unsettledOfNode(node: string): Iterable<Allocation> {
    return this.#byNode.get(node)?.unsettled ?? NONE;
  }

  /** Whether the node holds an allocation that is settled. */
  hasSettled(node: string): boolean {
    const held = this.#byNode.get(node);
    return held !== undefined && held.unsettled.size < held.all.size;
  }

  /** The allocation need not be looked at until something unsettles it. */
  settle(allocation: Allocation): void {
    this.#byNode.get(allocation.node)?.unsettled.delete(allocation);
  }

  unsettle(allocation: Allocation): void {
    const held = this.#byNode.get(allocation.node);
    if (held?.all.get(allocation.id) === allocation) held.unsettled.add(allocation);
  }

  /** Number of allocations on a node. */
  countOnNode(node: string): number {
    return this.#byNode.get(node)?.all.size ?? 0;
  }

  /** Number of allocations that have a node, which are those that can be collected. */
  get countOnNodes(): number {
    return this.#countOnNodes;
  }

  /** Nodes with allocations, and how many. */
  get countsByNode(): (readonly [node: string, count: number])[] {
    return [...this.#byNode].map(([node, { all }]) => [node, all.size]);
  }

  /** How many allocations look leaked, but not for long enough; none of them is settled. */
  get candidateCount(): number {
    let count = 0;
    for (const { unsettled } of this.#byNode.values()) {
      for (const allocation of unsettled) if (allocation.isCandidate) count++;
    }
    return count;
  }

  /** Every allocation that has a node. */
  get allocations(): Allocation[] {
    return [...this.#byNode.values()].flatMap(({ all }) => [...all.values()]);
  }

  /** Allocations that say they are for this pod. */
  allocationsOfPod(namespace: string, name: string): readonly Allocation[] {
    return this.#byPod.get(`${namespace}/${name}`);
  }

  /** Owned blocks without any allocation, each one's owner by its cidr text. */
  get emptyBlocks(): ReadonlyMap<string, string> {
    return this.#empty;
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
    const former = this.#blocks.get(cidr);
    const allocations = former?.allocations ?? [];
    const added: Allocation[] = [];
    const gone: Allocation[] = [];
    for (const ordinal of ordinalsToCompare(block, former?.block)) {
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
    let held = this.#byNode.get(node);
    if (held === undefined)
      this.#byNode.set(node, (held = { all: new Map(), unsettled: new Set() }));
    const former = held.all.get(id);
    if (former !== undefined) held.unsettled.delete(former);
    held.all.set(id, allocation);
    held.unsettled.add(allocation);
    this.#countOnNodes++;
  }

  #remove(allocation: Allocation): void {
    this.#byHandle.remove(allocation.handle, allocation);
    this.#removeFromNode(allocation);
  }

  #removeFromNode(allocation: Allocation): void {
    if (allocation.purpose === "pod") this.#byPod.remove(allocation.podKey, allocation);
    const held = this.#byNode.get(allocation.node);
    const present = held?.all.get(allocation.id);
    if (held === undefined || present === undefined) return;
    held.all.delete(allocation.id);
    held.unsettled.delete(present);
    this.#countOnNodes--;
    if (held.all.size === 0) this.#byNode.delete(allocation.node);
  }
}

/** Ascending, those whose allocations may differ between two versions; all when there is no former one. */
function ordinalsToCompare(block: Block, former: Block | undefined): Iterable<number> {
  const changed = former && block.allocations.ordinalsChangedSince(former.allocations);
  if (changed === undefined || changed.length > block.size) return Array(block.size).keys();
  return changed.length < 2 ? changed : changed.sort((a, b) => a - b);
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
