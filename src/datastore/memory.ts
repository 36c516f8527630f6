import type { IpVersion } from "../model/address.js";
import type { Affinity, AffinityOwner } from "../model/affinity.js";
import type { Block } from "../model/block.js";
import { type ErrorDialect, ResourceError } from "../model/calico-error.js";
import type { Cidr } from "../model/cidr.js";
import type { Handle } from "../model/handle.js";
import type { IpamConfig } from "../model/ipam-config.js";
import type { Node } from "../model/node.js";
import type { Pool } from "../model/pool.js";
import type { Reservation } from "../model/reservation.js";
import type { Datastore } from "./datastore.js";
import { Identifier } from "./identifier.js";
import { StoredObjects } from "./memory-objects.js";
import type { DatastoreRequest } from "./request.js";
import type { DatastoreWatch } from "./watch.js";
import { type BlockListing, type Entry, matchesVersion, type Response } from "./response.js";

/** How the memory datastore words things, which depends on the release. */
export interface MemoryDialect extends ErrorDialect {
  /** From v3.30.0 the text of an affinity's key shows its type. */
  readonly affinityKeyShowsType: boolean;
}

/** Lists are ordered by storage key: the cidr with `/` written `-`. */
function storageKey(cidr: Cidr): string {
  return cidr.text.replace("/", "-");
}

function byStorageKey<T>(items: Iterable<T>, cidrOf: (item: T) => Cidr): T[] {
  const keyed = Array.from(items, (item) => ({ key: storageKey(cidrOf(item)), item }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return keyed.map(({ item }) => item);
}

/** The affinities of one owner, with their list kept until one of them changes. */
class OwnerAffinities {
  readonly byCidr = new StoredObjects<Affinity>();
  #listed: [Entry<Affinity>[] | undefined, Entry<Affinity>[] | undefined] = [undefined, undefined];

  constructor(readonly key: string) {}

  list(version: IpVersion): readonly Entry<Affinity>[] {
    const slot = version === 4 ? 0 : 1;
    return (this.#listed[slot] ??= byStorageKey(
      this.byCidr.entries().filter((entry) => entry.value.cidr.version === version),
      (entry) => entry.value.cidr,
    ));
  }

  changed(): void {
    this.#listed = [undefined, undefined];
  }
}

/**
 * A datastore in memory that behaves like etcd: every write has a revision, update and delete compare
 * it, lists are in storage order. Reading costs the same however many objects there are; listing
 * blocks costs nothing until the list is walked.
 */
export class MemoryDatastore implements Datastore {
  /** Who is told of changes, if anyone. */
  watch: DatastoreWatch | null = null;
  #revision = 0;
  #affinityCount = 0;
  #config: Entry<IpamConfig> | undefined;
  #pools: readonly Pool[] = [];
  #reservations: readonly Reservation[] = [];
  readonly #nodes = new StoredObjects<Node>();
  readonly #blocks = new StoredObjects<Block>();
  readonly #handles = new StoredObjects<Handle>();
  readonly #affinities = new Map<string, OwnerAffinities>();
  /** Those last looked up: an operation asks for one owner several times. */
  #lastAffinities: OwnerAffinities | undefined;
  readonly #listings: Readonly<Record<IpVersion | 0, BlockListing>>;

  constructor(private readonly dialect: MemoryDialect) {
    this.#listings = { 0: this.#listing(0), 4: this.#listing(4), 6: this.#listing(6) };
  }

  perform(request: DatastoreRequest): Response {
    switch (request.kind) {
      case "block":
        return this.#performBlock(request);
      case "affinity":
        return this.#performAffinity(request);
      case "handle":
        return this.#performHandle(request);
      case "config":
        return this.#performConfig(request);
      case "node":
        return this.#performKeyed(this.#nodes, request.name, request);
      case "pool":
        return this.#pools;
      case "reservation":
        return this.#reservations;
      case "ipamHost":
        return this.#failure("notFound", request);
    }
  }

  #failure(kind: "notFound" | "exists" | "conflict", request: DatastoreRequest): ResourceError {
    const identifier = new Identifier(request, this.dialect.affinityKeyShowsType);
    return new ResourceError(kind, identifier, this.dialect);
  }

  #entry<T>(value: T): Entry<T> {
    return { value, revision: ++this.#revision };
  }

  /** Whether an update or delete may go ahead; otherwise the error that it gets. */
  #refusal(
    stored: Entry<unknown> | undefined,
    request: DatastoreRequest,
  ): ResourceError | undefined {
    if (stored === undefined) return this.#failure("notFound", request);
    if (stored.revision !== request.revision) return this.#failure("conflict", request);
    return undefined;
  }

  #performBlock(request: DatastoreRequest): Response {
    if (request.verb === "list") return this.#listings[request.version];
    const response = this.#performKeyed(this.#blocks, request.cidr!.text, request);
    if (this.watch !== null && request.verb !== "get" && !(response instanceof ResourceError)) {
      if (request.verb === "delete") this.watch.blockDeleted(request.cidr!);
      else this.watch.blockChanged(response.value);
    }
    return response;
  }

  #performHandle(request: DatastoreRequest): Response {
    if (request.verb === "list") return this.listHandles();
    return this.#performKeyed(this.#handles, request.name, request);
  }

  #performAffinity(request: DatastoreRequest): Response {
    const owner = request.owner;
    if (request.verb === "list") {
      if (owner === null) return this.listAffinities();
      return this.#affinitiesOf(owner).list(request.version as IpVersion);
    }
    const affinities = this.#affinitiesOf(owner!);
    const { byCidr } = affinities;
    const countBefore = byCidr.size;
    const response = this.#performKeyed(byCidr, request.cidr!.text, request);
    if (request.verb !== "get") {
      affinities.changed();
      this.#affinityCount += byCidr.size - countBefore;
    }
    return response;
  }

  #performKeyed<T>(
    store: StoredObjects<T>,
    key: string,
    request: DatastoreRequest,
  ): Entry<T> | ResourceError {
    const stored = store.get(key);
    if (request.verb === "get") return stored ?? this.#failure("notFound", request);
    if (request.verb === "create") {
      if (stored !== undefined) return this.#failure("exists", request);
    } else {
      const refusal = this.#refusal(stored, request);
      if (refusal !== undefined) return refusal;
    }
    if (request.verb === "delete") {
      store.delete(key);
      return stored!;
    }
    const entry = this.#entry(request.value as T);
    store.set(key, entry);
    return entry;
  }

  #performConfig(request: DatastoreRequest): Response {
    if (request.verb === "get") return this.#config ?? this.#failure("notFound", request);
    if (request.verb === "create" && this.#config !== undefined) {
      return this.#failure("exists", request);
    }
    this.#config = this.#entry(request.value as IpamConfig);
    return this.#config;
  }

  #affinitiesOf(owner: AffinityOwner): OwnerAffinities {
    // A host and a virtual owner of one name differ, and no host name has a leading blank.
    const key = owner.type === "host" ? owner.host : ` ${owner.host}`;
    if (this.#lastAffinities?.key === key) return this.#lastAffinities;
    let affinities = this.#affinities.get(key);
    if (affinities === undefined) {
      affinities = new OwnerAffinities(key);
      this.#affinities.set(key, affinities);
    }
    this.#lastAffinities = affinities;
    return affinities;
  }

  #listing(version: IpVersion | 0): BlockListing {
    const blocks = this.#blocks;
    return {
      get count() {
        if (version === 0) return blocks.size;
        let count = 0;
        for (const entry of blocks.entries()) {
          if (entry.value.cidr.version === version) count++;
        }
        return count;
      },
      lookup: (cidr) => (matchesVersion(cidr, version) ? blocks.get(cidr.text) : undefined),
      entries: () =>
        byStorageKey(
          blocks.entries().filter((entry) => matchesVersion(entry.value.cidr, version)),
          (entry) => entry.value.cidr,
        ),
    };
  }

  // What follows is for the owner of the world (scenario, importer, checks), not for the protocol.

  /** Every block, in no order that means anything: for counting. */
  get blocks(): readonly Entry<Block>[] {
    return this.#blocks.entries();
  }

  /** Every handle, in no order that means anything: for counting. */
  get handles(): readonly Entry<Handle>[] {
    return this.#handles.entries();
  }

  /** The id of every handle, in no order that means anything: for counting. */
  get handleIds(): Iterable<string> {
    return this.#handles.keys();
  }

  /** Every block, in storage order. */
  listBlocks(): readonly Entry<Block>[] {
    return [...this.#listings[0].entries()];
  }

  /** Number of blocks, at no cost. */
  get blockCount(): number {
    return this.#blocks.size;
  }

  /** The stored block of this cidr, if any. */
  block(cidr: Cidr): Block | undefined {
    return this.#blocks.get(cidr.text)?.value;
  }

  /** Every affinity, by owner, then version, then storage key. */
  listAffinities(): readonly Entry<Affinity>[] {
    const keys = [...this.#affinities.keys()].sort();
    return keys.flatMap((key) => {
      const affinities = this.#affinities.get(key)!;
      return [...affinities.list(4), ...affinities.list(6)];
    });
  }

  /** Every handle, by id. */
  listHandles(): readonly Entry<Handle>[] {
    return [...this.#handles.keys()].sort().map((id) => this.#handles.get(id)!);
  }

  /** Every affinity, in no order that means anything: for counting. */
  *affinities(): Generator<Affinity, void> {
    for (const { byCidr } of this.#affinities.values()) {
      for (const { value } of byCidr.entries()) yield value;
    }
  }

  hasHandle(id: string): boolean {
    return this.#handles.get(id) !== undefined;
  }

  hasNode(name: string): boolean {
    return this.#nodes.get(name) !== undefined;
  }

  get handleCount(): number {
    return this.#handles.size;
  }

  /** Number of affinities of all owners, at no cost. */
  get affinityCount(): number {
    return this.#affinityCount;
  }

  get pools(): readonly Pool[] {
    return this.#pools;
  }

  get reservations(): readonly Reservation[] {
    return this.#reservations;
  }

  /** Every node, by name. */
  listNodes(): readonly Node[] {
    return [...this.#nodes.keys()].sort().map((name) => this.#nodes.get(name)!.value);
  }

  get config(): IpamConfig | undefined {
    return this.#config?.value;
  }

  setPool(pool: Pool): void {
    const others = this.#pools.filter((other) => other.name !== pool.name);
    this.#pools = [...others, pool].sort((a, b) => (a.name < b.name ? -1 : 1));
    this.watch?.poolChanged(pool);
  }

  deletePool(name: string): void {
    this.#pools = this.#pools.filter((pool) => pool.name !== name);
    this.watch?.poolDeleted(name);
  }

  setReservation(reservation: Reservation): void {
    const others = this.#reservations.filter((other) => other.name !== reservation.name);
    this.#reservations = [...others, reservation].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  setNode(node: Node): void {
    this.#nodes.set(node.name, this.#entry(node));
    this.watch?.nodeChanged(node);
  }

  deleteNode(name: string): void {
    this.#nodes.delete(name);
    this.watch?.nodeDeleted(name);
  }

  setConfig(config: IpamConfig): void {
    this.#config = this.#entry(config);
  }

  setAffinity(affinity: Affinity): void {
    const affinities = this.#affinitiesOf(affinity);
    const { byCidr } = affinities;
    this.#affinityCount -= byCidr.size;
    byCidr.set(affinity.cidr.text, this.#entry(affinity));
    this.#affinityCount += byCidr.size;
    affinities.changed();
  }

  setBlock(block: Block): void {
    this.#blocks.set(block.cidr.text, this.#entry(block));
    this.watch?.blockChanged(block);
  }

  setHandle(handle: Handle): void {
    this.#handles.set(handle.id, this.#entry(handle));
  }
}
