import {
  AssignStatus,
  type Allocator,
  BlockStatus,
  NO_HANDLE,
  ReleaseStatus,
} from "../../src/allocator/allocator.js";
import { ownerNodeOf, OwnerPhase, phaseOf } from "../../src/allocator/block-state.js";
import { CoarseLockAllocator } from "../../src/allocator/coarse-lock.js";
import { createAllocatorMemory } from "../../src/allocator/create-memory.js";
import {
  BLOCK_SHIFT,
  BlockWord,
  Header,
  NODE_SHIFT,
  NodeWord,
} from "../../src/allocator/layout.js";
import { LockReducedAllocator } from "../../src/allocator/lock-reduced.js";
import type { AllocatorMemory } from "../../src/allocator/memory.js";
import { freeOrdinals, snapshotOf } from "../../src/allocator/snapshot.js";
import { checkState } from "../../src/allocator/state-check.js";
import type { Snapshot } from "../../src/conformance/world.js";
import { FieldReader } from "../../src/formats/golden/field-reader.js";
import type { Json, JsonObject } from "../../src/formats/golden/trace-line.js";
import {
  type AddressNumber,
  formatAddress,
  type IpVersion,
  parseAddress,
} from "../../src/model/address.js";
import { Cidr } from "../../src/model/cidr.js";
import type { IpamConfig } from "../../src/model/ipam-config.js";
import type { Node } from "../../src/model/node.js";
import type { UsablePool } from "../../src/model/pool.js";
import type { Reservation } from "../../src/model/reservation.js";

export type AllocatorKind = "coarse-lock" | "lock-reduced";

/** The world of a replay; it does not change but for the configuration. */
export interface ReplayedCluster {
  readonly pools: readonly UsablePool[];
  readonly nodes: readonly Node[];
  readonly reservations: readonly Reservation[];
  readonly config: IpamConfig;
  readonly handles: readonly string[];
}

/** An operation that the allocators do not have, and why. */
export class NotExpressible extends Error {}

/** The allocator of one IP version and its memory. */
interface Family {
  readonly memory: AllocatorMemory;
  readonly allocator: Allocator;
}

/** Performs operations written as the recorded traces write them on an allocator of shared memory. */
export class AllocatorReplay {
  readonly #families = new Map<IpVersion, Family>();
  readonly #nodes: ReadonlyMap<string, number>;
  readonly #handles: ReadonlyMap<string, number>;

  constructor(
    kind: AllocatorKind,
    private readonly cluster: ReplayedCluster,
  ) {
    this.#nodes = new Map(cluster.nodes.map(({ name }, i) => [name, i]));
    this.#handles = new Map(cluster.handles.map((name, i) => [name, i]));
    for (const version of [4, 6] satisfies IpVersion[]) {
      if (!cluster.pools.some((pool) => pool.cidr.version === version)) continue;
      const memory = createAllocatorMemory({
        ...cluster,
        version,
        handleCount: cluster.handles.length,
        overflowCount: 4096,
        threadCount: 1,
      });
      const allocator =
        kind === "coarse-lock"
          ? new CoarseLockAllocator(memory, 1)
          : new LockReducedAllocator(memory, 1);
      this.#families.set(version, { memory, allocator });
    }
  }

  configure(config: IpamConfig): void {
    for (const { memory } of this.#families.values()) memory.configure(config);
  }

  /** Throws when the state contradicts itself. */
  check(): void {
    for (const { memory } of this.#families.values()) {
      const findings = checkState(memory);
      if (findings.length > 0) throw new Error(findings.map(({ text }) => text).join("\n"));
    }
  }

  /** Performs an operation; throws `NotExpressible` before doing anything. */
  run(json: JsonObject): JsonObject {
    const op = new FieldReader(json);
    const name = op.text("op");
    switch (name) {
      case "autoAssign":
        return this.#autoAssign(op);
      case "releaseByHandle":
        return this.#releaseByHandle(op.text("handle"));
      case "releaseIPs":
        return this.#releaseIps(op);
      case "claimAffinity":
        return this.#claimAffinity(op.cidr("cidr"), this.#node(op.text("host")));
      case "releaseAffinity":
        return this.#releaseAffinity(
          op.cidr("cidr"),
          this.#node(op.text("host")),
          op.flag("mustBeEmpty"),
        );
      case "releaseBlockAffinity":
        return this.#releaseBlockAffinity(op.cidr("cidr"), op.flag("mustBeEmpty"));
      case "releaseHostAffinities":
        return this.#releaseHostAffinities(this.#node(op.text("host")), op.flag("mustBeEmpty"));
      case "removeIPAMHost":
        return this.#releaseHostAffinities(this.#node(op.text("host")), false);
      case "releasePoolAffinities":
        return this.#releasePoolAffinities(op.cidr("cidr"));
      default:
        throw new NotExpressible(name);
    }
  }

  #node(host: string): number {
    const node = this.#nodes.get(host);
    if (node === undefined) throw new NotExpressible(`node ${host}`);
    return node;
  }

  #autoAssign(op: FieldReader): JsonObject {
    for (const field of ["pools4", "reserved", "windows", "faults"]) {
      if (op.has(field)) throw new NotExpressible(`autoAssign with ${field}`);
    }
    if (op.has("use") && op.text("use") !== "Workload") throw new NotExpressible("another use");
    const node = this.#node(op.text("host"));
    const handle = op.has("handle") ? this.#handles.get(op.text("handle"))! : NO_HANDLE;
    const max = op.number("maxBlocksPerHost");
    let result: JsonObject = {};
    for (const version of [4, 6] satisfies IpVersion[]) {
      const wanted = op.number(`num${version}`);
      if (wanted === 0) continue;
      const family = this.#families.get(version);
      if (family === undefined) {
        const text = `no configured Calico pools for node ${op.text("host")}`;
        return { ...result, error: text, errorType: "*errors.errorString" };
      }
      const { assignment, error } = this.#assignFamily(family, version, node, handle, wanted, max);
      if (assignment !== undefined) result = { ...result, [`v${version}`]: assignment };
      if (error !== undefined) return { ...result, error, errorType: "*errors.errorString" };
    }
    return result;
  }

  #assignFamily(
    { memory, allocator }: Family,
    version: IpVersion,
    node: number,
    handle: number,
    wanted: number,
    max: number,
  ): { assignment?: JsonObject; error?: string } {
    const status = allocator.assign(node, handle, wanted, max);
    const { taken } = allocator;
    const ips: string[] = [];
    for (let i = 0; i < taken.count; i++) {
      const cidr = memory.cidrOf(taken.blocks[i]!);
      ips.push(`${formatAddress(cidr.addressAt(taken.ordinals[i]!))}/${cidr.prefix}`);
    }
    const msgs: string[] = [];
    let error: string | undefined;
    const configured = memory.words[Header.maxBlocksPerHost]!;
    const limits = [max, configured].filter((limit) => limit > 0);
    const limit = limits.length > 0 ? Math.min(...limits) : 20;
    const row = memory.layout.nodesAt + (node << NODE_SHIFT);
    switch (status) {
      case AssignStatus.noPools: {
        const host = this.cluster.nodes[node]!.name;
        return {
          error:
            memory.words[row + NodeWord.selectPools] === 0
              ? `no configured Calico pools for node ${host}`
              : "cannot find a qualified ippool, no pools match the required use (Workload)",
        };
      }
      case AssignStatus.blockLimit:
        msgs.push(
          "Need to allocate an IPAM block but could not - " +
            `limit of ${limit} blocks reached for this node`,
        );
        error = "cannot allocate new block due to per host block limit";
        break;
      case AssignStatus.noAutoAllocate:
        error = "failed to find or claim a block";
        break;
      case AssignStatus.strictAffinity:
        msgs.push("No more free affine blocks and strict affinity enabled");
        break;
      default: {
        const assigns = memory.words[row + NodeWord.assignPools]!;
        const cidrs = memory.layout.pools.filter((_, p) => ((assigns >>> p) & 1) === 1);
        const walked = cidrs.slice(0, allocator.poolsWalked).map(({ cidr }) => cidr);
        if (walked.length > 0) msgs.push(`No IPs available in pools: [${walked.join(" ")}]`);
      }
    }
    const short = `Assigned ${ips.length} out of ${wanted} requested IPv${version} addresses`;
    const assignment = {
      ips,
      ...(msgs.length > 0 && { msgs }),
      ...(ips.length < wanted && { partial: [short, ...msgs].join("; ") }),
    };
    return error === undefined ? { assignment } : { assignment, error };
  }

  #releaseByHandle(id: string): JsonObject {
    const handle = this.#handles.get(id);
    let found = false;
    for (const { allocator } of this.#families.values()) {
      if (handle === undefined) break;
      if (allocator.releaseByHandle(handle) === ReleaseStatus.released) found = true;
    }
    if (found) return {};
    return {
      error: `resource does not exist: IPAMHandleKey(id=${id}) with error: <nil>`,
      errorType: "errors.ErrorResourceDoesNotExist",
    };
  }

  #releaseIps(op: FieldReader): JsonObject {
    const ips = op.objects("ips");
    if (ips.length !== 1) throw new NotExpressible("releaseIPs of several addresses");
    const [entry] = ips;
    const text = entry!.text("address");
    const address = parseAddress(text)!;
    const handle = entry!.has("handle") ? this.#handles.get(entry!.text("handle")) : NO_HANDLE;
    const place = this.#locate(address);
    if (place === undefined) return { unallocated: [text] };
    const { family, block, ordinal } = place;
    const { words } = family.memory;
    const row = family.memory.layout.blocksAt + (block << BLOCK_SHIFT);
    const holder = words[words[row + BlockWord.held]! + ordinal]!;
    // A handle that was never seen holds nothing, but an address that is free is just that.
    const wanted = handle ?? family.memory.layout.handleCount;
    const status = family.allocator.releaseAddress(block, ordinal, wanted);
    if (status === ReleaseStatus.released) return { unallocated: [] };
    if (holder === 0) return { unallocated: [text] };
    return {
      unallocated: [],
      error: `update conflict: ${text}`,
      errorType: "errors.ErrorResourceUpdateConflict",
    };
  }

  #locate(address: AddressNumber): { family: Family; block: number; ordinal: number } | undefined {
    for (const family of this.#families.values()) {
      for (const { cidr, blockSize, firstBlock, bits } of family.memory.layout.pools) {
        const pool = Cidr.of(cidr);
        if (!pool.contains(address)) continue;
        const offset = pool.ordinalOf(address);
        const block = firstBlock + Math.floor(offset / 2 ** bits);
        return { family, block, ordinal: Cidr.containing(address, blockSize).ordinalOf(address) };
      }
    }
    return undefined;
  }

  /** The numbers of the blocks of a network, ascending; an error when it is not of whole blocks. */
  #blocksOf(cidr: Cidr): { family: Family; blocks: number[] } | JsonObject {
    const place = this.#locate(cidr.base);
    if (place === undefined) {
      return {
        error: `The requested CIDR (${cidr.text}) is not within any configured pools.`,
        errorType: "*errors.errorString",
      };
    }
    const { family, block } = place;
    const { prefix, size } = family.memory.cidrOf(block);
    if (cidr.prefix > prefix) {
      return {
        error: `The requested CIDR (${cidr.text}) is smaller than the minimum.`,
        errorType: "ipam.invalidSizeError",
      };
    }
    return { family, blocks: Array.from({ length: cidr.size / size }, (_, i) => block + i) };
  }

  #claimAffinity(cidr: Cidr, node: number): JsonObject {
    const found = this.#blocksOf(cidr);
    if (!("family" in found)) return { claimed: [], failed: [], ...found };
    const { family, blocks } = found as { family: Family; blocks: number[] };
    const claimed: string[] = [];
    const failed: string[] = [];
    for (const block of blocks) {
      const done = family.allocator.claimBlock(node, block) === BlockStatus.done;
      (done ? claimed : failed).push(family.memory.cidrOf(block).text);
    }
    return { claimed, failed };
  }

  #releaseAffinity(cidr: Cidr, node: number, mustBeEmpty: boolean): JsonObject {
    const found = this.#blocksOf(cidr);
    if (!("family" in found)) return found;
    const { family, blocks } = found as { family: Family; blocks: number[] };
    for (const block of blocks) {
      const status = family.allocator.releaseBlock(node, block, mustBeEmpty);
      if (status === BlockStatus.notEmpty) return notEmpty(family, block);
    }
    return {};
  }

  #releaseBlockAffinity(cidr: Cidr, mustBeEmpty: boolean): JsonObject {
    const place = this.#locate(cidr.base);
    const owner = place === undefined ? 0 : this.#ownerOf(place.family, place.block);
    if (place === undefined || phaseOf(owner) === OwnerPhase.absent) {
      return {
        error: `resource does not exist: BlockKey(cidr=${cidr.text}) with error: <nil>`,
        errorType: "errors.ErrorResourceDoesNotExist",
      };
    }
    if (phaseOf(owner) !== OwnerPhase.confirmed) return {};
    const { family, block } = place;
    const status = family.allocator.releaseBlock(ownerNodeOf(owner), block, mustBeEmpty);
    return status === BlockStatus.notEmpty ? notEmpty(family, block) : {};
  }

  #ownerOf({ memory }: Family, block: number): number {
    return memory.words[memory.layout.blocksAt + (block << BLOCK_SHIFT) + BlockWord.owner]!;
  }

  #releaseHostAffinities(node: number, mustBeEmpty: boolean): JsonObject {
    let result: JsonObject = {};
    for (const family of this.#families.values()) {
      const { memory, allocator } = family;
      const row = memory.layout.nodesAt + (node << NODE_SHIFT);
      let next = memory.words[row + NodeWord.head]!;
      while (next !== 0) {
        const block = next - 1;
        next = memory.words[memory.layout.blocksAt + (block << BLOCK_SHIFT) + BlockWord.next]!;
        const status = allocator.releaseBlock(node, block, mustBeEmpty);
        if (status === BlockStatus.notEmpty) result = notEmpty(family, block);
      }
    }
    return result;
  }

  #releasePoolAffinities(pool: Cidr): JsonObject {
    for (const family of this.#families.values()) {
      for (let block = 0; block < family.memory.layout.blockCount; block++) {
        const owner = this.#ownerOf(family, block);
        const isOwned = phaseOf(owner) === OwnerPhase.confirmed;
        if (!isOwned || !pool.contains(family.memory.cidrOf(block).base)) continue;
        family.allocator.releaseBlock(ownerNodeOf(owner), block, false);
      }
    }
    return {};
  }

  /** The stored state in the traces' form. Reserved ordinals are left out of `unallocated`. */
  snapshot(): Snapshot {
    const snapshot: Snapshot = { blocks: {}, affinities: {}, handles: {} };
    for (const { memory } of this.#families.values()) {
      const { blocks, handles } = snapshotOf(memory);
      for (const { cidr, node, held, free } of blocks) {
        const host = node === null ? null : this.cluster.nodes[node]!.name;
        const allocations = Object.fromEntries(
          [...held].map(([ordinal, handle]) => [ordinal, this.cluster.handles[handle] ?? ""]),
        );
        const affinity = host === null ? "" : `host:${host}`;
        snapshot.blocks[cidr] = { affinity, allocations, unallocated: free };
        if (host !== null) snapshot.affinities[`${host} ${cidr}`] = "confirmed";
      }
      for (const [handle, counts] of handles) {
        const id = this.cluster.handles[handle]!;
        snapshot.handles[id] = { ...snapshot.handles[id], ...Object.fromEntries(counts) };
      }
    }
    return snapshot;
  }

  /** A snapshot of the model or of a recording without the reserved ordinals of `unallocated`. */
  withoutReserved(snapshot: Snapshot): Json {
    const blocks = Object.entries(snapshot.blocks).map(([cidr, block]) => {
      const place = this.#locate(Cidr.of(cidr).base);
      if (place === undefined) return [cidr, block];
      const { memory } = place.family;
      const unallocated = block.unallocated.filter(
        (ordinal) => !memory.isReserved(place.block, ordinal),
      );
      return [cidr, { ...block, unallocated }];
    });
    return { ...snapshot, blocks: Object.fromEntries(blocks) as Json };
  }

  /** Free ordinals of a block that exists, first out first. */
  freeOf(cidr: string): number[] {
    const place = this.#locate(Cidr.of(cidr).base)!;
    return freeOrdinals(place.family.memory, place.block);
  }
}

function notEmpty({ memory }: Family, block: number): JsonObject {
  return {
    error: `block '${memory.cidrOf(block).text}' is not empty`,
    errorType: "ipam.errBlockNotEmpty",
  };
}
