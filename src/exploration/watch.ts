import type { Datastore } from "../datastore/datastore.js";
import type { MemoryDatastore } from "../datastore/memory.js";
import type { DatastoreRequest } from "../datastore/request.js";
import type { Response } from "../datastore/response.js";
import { InvariantViolation } from "../failure/failure.js";
import { type AddressNumber, formatAddress } from "../model/address.js";
import { type AffinityOwner, affinityText, sameOwner } from "../model/affinity.js";
import { type Block, WINDOWS_RESERVED_HANDLE } from "../model/block.js";
import { CalicoError } from "../model/calico-error.js";
import { ReservedAddresses } from "../model/reservation.js";
import type { Operation, Outcome } from "./operation.js";

/** Invariants that hold after every call, whatever fails, dies or runs at the same time. */
export const INVARIANTS = [
  "free list and allocations partition the block",
  "an assigned address keeps its holder until it is released",
  "only the operation that asks for it assigns an address",
  "only the operation that names it releases an address",
  "a block that holds addresses is not deleted",
  "a block changes owner only by having none",
  "an update raises the sequence number by one",
  "strict affinity: addresses come from own blocks",
  "reserved addresses are not given out",
  "addresses come from enabled pools",
  "an answer names addresses that the operation itself assigned, each once",
] as const;

function broken(invariant: (typeof INVARIANTS)[number], detail: string): never {
  throw new InvariantViolation(invariant, detail);
}

/**
 * The free list and the allocations partition the block's ordinals.
 *
 * @throws InvariantViolation when they do not.
 */
export function checkBlock(block: Block): void {
  const { size, text } = block.cidr;
  const isFree = new Uint8Array(size);
  for (const ordinal of block.unallocated) {
    if (isFree[ordinal] !== 0) {
      const detail = `${text}: ordinal ${ordinal} is twice in the free list, or not in the block`;
      broken("free list and allocations partition the block", detail);
    }
    isFree[ordinal] = 1;
  }
  for (let ordinal = 0; ordinal < size; ordinal++) {
    const isAllocated = block.attributeOf(ordinal) !== undefined;
    if (isAllocated === (isFree[ordinal] === 1)) {
      const detail = `${text}: ordinal ${ordinal} is ${isAllocated ? "both" : "neither"} allocated and free`;
      broken("free list and allocations partition the block", detail);
    }
  }
}

/** What is known of one operation under way. */
export interface WatchedClient {
  readonly operation: Operation;
  /** Every address that it has assigned, released since or not. */
  readonly assigned: Set<string>;
}

function ownerText(owner: AffinityOwner | null): string {
  return owner === null ? "nobody" : affinityText(owner);
}

/** Watches every effective write of blocks, and who was told about which address. */
export class Watch {
  /** Who assigned each address that is assigned now. */
  readonly #assigners = new Map<string, WatchedClient>();
  /** Addresses whose callers know that they have them. */
  readonly #held = new Set<string>();
  readonly #reserved: ReservedAddresses;
  /** Writes and answers that were checked. */
  checks = 0;

  constructor(
    private readonly datastore: MemoryDatastore,
    reserved: readonly string[],
    private readonly knowsVirtualOwners: boolean,
  ) {
    const read = ReservedAddresses.read([{ name: "reserved", cidrs: reserved }]);
    if ("unreadable" in read) throw new RangeError(`not a network: ${read.unreadable}`);
    this.#reserved = read;
  }

  isHeld(address: string): boolean {
    return this.#held.has(address);
  }

  /** To be told after each block write that took effect. */
  written(client: WatchedClient, before: Block | undefined, after: Block | undefined): void {
    this.checks++;
    if (after !== undefined) checkBlock(after);
    const block = after ?? before;
    if (block === undefined) return;
    if (before !== undefined && after !== undefined) this.#compareHeads(before, after);
    for (let ordinal = 0; ordinal < block.cidr.size; ordinal++) {
      const had = before?.attributeOf(ordinal);
      const has = after?.attributeOf(ordinal);
      if (had === has) continue;
      const number = block.cidr.addressAt(ordinal);
      const address = formatAddress(number);
      if (had === undefined) {
        if (before === undefined && has!.handle === WINDOWS_RESERVED_HANDLE) continue;
        this.#assigned(client, before, number, has!.handle);
      } else if (has === undefined) {
        if (after === undefined && had.handle === WINDOWS_RESERVED_HANDLE) continue;
        this.#released(client, address, had.handle, after === undefined);
      } else if (had.handle !== has.handle) {
        const detail = `${address} went from ${had.handle ?? "no handle"} to ${has.handle ?? "no handle"}`;
        broken("an assigned address keeps its holder until it is released", detail);
      }
    }
  }

  #compareHeads(before: Block, after: Block): void {
    const { text } = after.cidr;
    if (after.sequenceNumber !== before.sequenceNumber + 1n) {
      const detail = `${text} went from ${before.sequenceNumber} to ${after.sequenceNumber}`;
      broken("an update raises the sequence number by one", detail);
    }
    if (after.affinity === null) return;
    if (before.affinity === null || !sameOwner(before.affinity, after.affinity)) {
      const detail = `${text} went from ${ownerText(before.affinity)} to ${ownerText(after.affinity)}`;
      broken("a block changes owner only by having none", detail);
    }
  }

  #assigned(
    client: WatchedClient,
    before: Block | undefined,
    number: AddressNumber,
    handle: string | null,
  ): void {
    const { operation } = client;
    const address = formatAddress(number);
    const asks =
      (operation.op === "autoAssign" && operation.handle === handle) ||
      (operation.op === "assignIp" && operation.handle === handle && operation.address === address);
    if (!asks) {
      const detail = `${operation.op} assigned ${address} to ${handle ?? "no handle"}`;
      broken("only the operation that asks for it assigns an address", detail);
    }
    client.assigned.add(address);
    this.#assigners.set(address, client);
    if (operation.op === "autoAssign") this.#mayGiveOut(operation, before!, number);
  }

  #mayGiveOut(
    operation: Extract<Operation, { op: "autoAssign" }>,
    block: Block,
    number: AddressNumber,
  ): void {
    const address = formatAddress(number);
    const isVirtual = this.knowsVirtualOwners && operation.use === "LoadBalancer";
    const owner: AffinityOwner = { type: isVirtual ? "virtual" : "host", host: operation.host };
    if (this.datastore.config?.strictAffinity === true && !block.isOwnedBy(owner)) {
      const detail = `${affinityText(owner)} got ${address} of ${ownerText(block.affinity)}`;
      broken("strict affinity: addresses come from own blocks", detail);
    }
    if (this.#reserved.has(number)) {
      broken("reserved addresses are not given out", `${address} was assigned`);
    }
    const isEnabled = this.datastore.pools.some(
      (pool) => !pool.disabled && pool.cidr?.contains(number) === true,
    );
    if (!isEnabled) broken("addresses come from enabled pools", `${address} was assigned`);
  }

  #released(
    client: WatchedClient,
    address: string,
    handle: string | null,
    byDeletion: boolean,
  ): void {
    const { operation } = client;
    const names =
      (operation.op === "releaseByHandle" && operation.handle === handle) ||
      (operation.op === "releaseIps" &&
        operation.addresses.includes(address) &&
        (operation.handle === null || operation.handle === handle));
    if (!names) {
      const detail = `${operation.op} took ${address} from ${handle ?? "no handle"}`;
      if (byDeletion) broken("a block that holds addresses is not deleted", detail);
      broken("only the operation that names it releases an address", detail);
    }
    this.#held.delete(address);
    this.#assigners.delete(address);
  }

  /** To be told when an operation has ended. */
  answered(client: WatchedClient, outcome: Outcome): void {
    this.checks++;
    const told = new Set<string>();
    for (const address of outcome.assigned) {
      if (told.has(address) || !client.assigned.has(address)) {
        const how = told.has(address) ? "named twice" : "never written to a block";
        const invariant = "an answer names addresses that the operation itself assigned, each once";
        broken(invariant, `${client.operation.op}: ${address} was ${how}`);
      }
      told.add(address);
      // It may be released again already, by another client that knew the handle.
      if (this.#assigners.get(address) === client) this.#held.add(address);
    }
  }
}

/** One client's view of the datastore: every block write that takes effect is shown to the watch. */
export class WatchedDatastore implements Datastore {
  constructor(
    private readonly inner: Datastore,
    private readonly memory: MemoryDatastore,
    private readonly watch: Watch,
    private readonly client: WatchedClient,
  ) {}

  perform(request: DatastoreRequest): Response {
    const { verb, kind, cidr } = request;
    if (kind !== "block" || verb === "get" || verb === "list") return this.inner.perform(request);
    const before = this.memory.block(cidr!);
    const response = this.inner.perform(request);
    if (!(response instanceof CalicoError)) {
      this.watch.written(this.client, before, this.memory.block(cidr!));
    }
    return response;
  }
}
