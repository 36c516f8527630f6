import { formatAddress } from "../model/address.js";
import type { Block } from "../model/block.js";
import { AllocationLists } from "./allocation-lists.js";
import { Allocation } from "./allocation.js";
import { NodeAllocations } from "./node-allocations.js";

interface KnownBlock {
  block: Block;
  /** The node that owns it; empty when none does. */
  owner: string;
  /** By ordinal; undefined where nothing with a handle is allocated. */
  readonly allocations: (Allocation | undefined)[];
}

/** What a new version of a block brought. */
export interface BlockChange {
  readonly added: readonly Allocation[];
  readonly gone: readonly Allocation[];
  /** Whether the block was not known before. */
  readonly isNew: boolean;
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
  readonly #blocksOfNode = new Map<string, Set<string>>();
  readonly #empty = new Map<string, string>();
  readonly #byNode = new Map<string, NodeAllocations>();
  readonly #byPod = new AllocationLists();
  /** Made when it is first needed: when something has leaked, or a deleted block leaves entries behind. */
  #byHandle: AllocationLists | undefined;
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
    const nodes = new Set<string>();
    for (const { owner } of this.#blocks.values()) if (owner !== "") nodes.add(owner);
    for (const node of this.#byNode.keys()) nodes.add(node);
    return [...nodes];
  }

  /** Whether the node owns blocks or holds allocations. */
  hasNode(node: string): boolean {
    if (this.#byNode.has(node)) return true;
    for (const cidr of this.#blocksOfNode.get(node) ?? []) {
      // A block that changed hands unnoticed is listed for its former owner too.
      if (this.#blocks.get(cidr)?.owner === node) return true;
    }
    return false;
  }

  /** What a node holds; undefined when that is nothing. */
  ofNode(node: string): NodeAllocations | undefined {
    return this.#byNode.get(node);
  }

  /** Number of allocations on a node. */
  countOnNode(node: string): number {
    return this.#byNode.get(node)?.all.length ?? 0;
  }

  /** Number of allocations that have a node, which are those that can be collected. */
  get countOnNodes(): number {
    return this.#countOnNodes;
  }

  /** Nodes with allocations, and how many. */
  get countsByNode(): (readonly [node: string, count: number])[] {
    return [...this.#byNode].map(([node, { all }]) => [node, all.length]);
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
    return [...this.#byNode.values()].flatMap(({ all }) => all);
  }

  /** Allocations that say they are for this pod. */
  allocationsOfPod(podKey: string): readonly Allocation[] {
    return this.#byPod.get(podKey);
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
    const handles = (this.#byHandle ??= this.#indexHandles());
    if (handles.size === 0) return false;
    return handles.get(handle).every((known) => known.isConfirmed);
  }

  #indexHandles(): AllocationLists {
    const handles = new AllocationLists();
    for (const { allocations } of this.#blocks.values()) {
      for (const known of allocations) if (known !== undefined) handles.add(known.handle, known);
    }
    return handles;
  }

  /** Takes in a new version of a block. */
  updateBlock(block: Block): BlockChange {
    const cidr = block.cidr.text;
    let known = this.#blocks.get(cidr);
    const isNew = known === undefined;
    const ordinals = ordinalsToCompare(block, known?.block);
    if (known === undefined)
      this.#blocks.set(cidr, (known = { block, owner: "", allocations: [] }));
    const { allocations } = known;
    const added: Allocation[] = [];
    const gone: Allocation[] = [];
    for (const ordinal of ordinals) {
      const handle = block.attributeOf(ordinal)?.handle ?? null;
      const former = allocations[ordinal];
      if (former?.handle === handle || (former === undefined && handle === null)) continue;
      if (former !== undefined) gone.push(former);
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
    const newOwner = owner === known.owner ? "" : owner;
    if (newOwner !== "") this.#own(known, cidr, newOwner);
    else if (block.affinity === null) this.#disown(known, cidr);
    known.block = block;
    return { added, gone, isNew, newOwner };
  }

  /** A block that changes hands between two updates stays with its former owner too. */
  #own(known: KnownBlock, cidr: string, owner: string): void {
    known.owner = owner;
    const blocks = this.#blocksOfNode.get(owner) ?? new Set();
    this.#blocksOfNode.set(owner, blocks.add(cidr));
  }

  #disown(known: KnownBlock, cidr: string): void {
    if (known.owner !== "") this.#blocksOfNode.get(known.owner)?.delete(cidr);
    known.owner = "";
  }

  /**
   * Forgets a block that the watch says is deleted.
   *
   * @returns what it held.
   */
  deleteBlock(cidr: string): Allocation[] {
    const held = this.#blocks.get(cidr)?.allocations.filter((known) => known !== undefined) ?? [];
    if (this.keepsStaleEntries && held.length > 0) this.#byHandle ??= this.#indexHandles();
    for (const known of held) {
      if (this.keepsStaleEntries) this.#removeFromNode(known);
      else this.#remove(known);
    }
    this.forgetBlock(cidr);
    return held;
  }

  /** Forgets an empty block that the collector itself has given up. */
  forgetBlock(cidr: string): void {
    const known = this.#blocks.get(cidr);
    if (known !== undefined) this.#disown(known, cidr);
    this.#empty.delete(cidr);
    this.#blocks.delete(cidr);
  }

  /** Drops a released allocation from its node; the rest follows with the block's update. */
  forgetOnNode(released: Allocation): void {
    this.#removeFromNode(released);
  }

  #add(allocation: Allocation): void {
    this.#byHandle?.add(allocation.handle, allocation);
    if (allocation.purpose === "pod") this.#byPod.add(allocation.podKey, allocation);
    const { node } = allocation;
    if (node === "") return;
    let held = this.#byNode.get(node);
    if (held === undefined) this.#byNode.set(node, (held = new NodeAllocations(node)));
    held.add(allocation);
    this.#countOnNodes++;
  }

  #remove(allocation: Allocation): void {
    this.#byHandle?.remove(allocation.handle, allocation);
    this.#removeFromNode(allocation);
  }

  #removeFromNode(allocation: Allocation): void {
    if (allocation.purpose === "pod") this.#byPod.remove(allocation.podKey, allocation);
    const { holder } = allocation;
    if (holder === undefined) return;
    holder.remove(allocation);
    this.#countOnNodes--;
    if (holder.all.length === 0) this.#byNode.delete(holder.node);
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
