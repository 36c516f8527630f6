import { getNode, Sleep } from "../datastore/request.js";
import type { Found } from "../datastore/response.js";
import type { Block } from "../model/block.js";
import { CalicoError } from "../model/calico-error.js";
import type { Node } from "../model/node.js";
import type { Pool } from "../model/pool.js";
import { type Environment, type Steps, UNLIMITED } from "../protocol/environment.js";
import type { Ipam } from "../protocol/ipam.js";
import type { Allocation } from "./allocation.js";
import { isInUse } from "./allocation-validity.js";
import { BlockIndex } from "./block-index.js";
import type { ClusterView } from "./cluster-view.js";
import { EmptyBlockTimer } from "./empty-block-timer.js";
import { requireModelledCollector } from "./modelled-release.js";
import { PoolIndex } from "./pool-index.js";
import { RetryLimiter } from "./retry-limiter.js";

const NS_PER_SECOND = 1e9;

/** Addresses that a node's other blocks must have free before v3.27 gives up an empty one. */
const FREE_ADDRESSES_KEPT = 3;

/**
 * The IPAM garbage collector of kube-controllers
 * (`kube-controllers/pkg/controllers/node/ipam.go@v3.28.4`): what it keeps from its watches, and one
 * sync over it. When it syncs is up to the caller. The real one does everything in one thread, so
 * the watches are fed between syncs, never while the steps of one are being performed.
 *
 * Nodes of the model are Kubernetes nodes of the same name.
 */
export class GarbageCollector {
  /** Nothing happens before the watches have delivered everything once. */
  isInSync = false;
  /** Nothing happens while the cluster information says that the datastore is not ready. */
  isDatastoreReady = true;
  readonly #env: Environment;
  readonly #graceNs: bigint | undefined;
  readonly #blocks = new BlockIndex();
  readonly #pools: PoolIndex;
  readonly #nodes = new Set<string>();
  readonly #confirmed = new Map<string, Allocation>();
  readonly #emptyTimer: EmptyBlockTimer;
  readonly #limiter = new RetryLimiter();
  /** Released addresses by node, then pool. */
  readonly #reclaimed = new Map<string, Map<string, number>>();

  /**
   * @param graceSeconds leak grace period, 900 in Calico's default configuration. Without one, and
   *   with 0, neither leaks on living nodes nor empty blocks are collected; 0 still notes candidates.
   * @throws Unsupported for a release whose collector is not modelled.
   */
  constructor(
    private readonly ipam: Ipam,
    private readonly cluster: ClusterView,
    graceSeconds: number | undefined,
  ) {
    this.#env = ipam.env;
    requireModelledCollector(this.#env.release);
    this.#graceNs =
      graceSeconds === undefined ? undefined : BigInt(Math.round(graceSeconds * NS_PER_SECOND));
    this.#emptyTimer = new EmptyBlockTimer(this.#graceNs);
    this.#pools = new PoolIndex(this.#env.mapOrder.bind(this.#env));
  }

  updateNode(name: string): void {
    this.#nodes.add(name);
  }

  deleteNode(name: string): void {
    this.#nodes.delete(name);
  }

  updatePool(pool: Pool): void {
    this.#pools.updatePool(pool);
  }

  deletePool(name: string): void {
    this.#pools.deletePool(name);
    for (const pools of this.#reclaimed.values()) pools.delete(name);
  }

  updateBlock(block: Block): void {
    for (const id of this.#blocks.updateBlock(block)) this.#confirmed.delete(id);
    const isUsed = block.affinity?.type === "host" && block.allocatedCount > 0;
    if (isUsed && this.#env.release.gcEmptySince === "the last time it became empty") {
      this.#emptyTimer.forget(block.cidr.text);
    }
    this.#pools.updateBlock(block.cidr);
  }

  deleteBlock(cidr: string): void {
    this.#blocks.deleteBlock(cidr);
    this.#emptyTimer.forget(cidr);
    this.#pools.deleteBlock(cidr);
  }

  /** Addresses that look leaked, but not for long enough. */
  get candidates(): string[] {
    return this.#blocks.allocations.filter((a) => a.isCandidate).map((a) => a.address);
  }

  /** Addresses that are leaks and not yet released. */
  get confirmedLeaks(): string[] {
    return [...this.#confirmed.values()].map((allocation) => allocation.address);
  }

  /** Addresses released so far on a node that still has affinities, by pool. */
  reclaimedOn(node: string): ReadonlyMap<string, number> {
    return this.#reclaimed.get(node) ?? new Map();
  }

  /**
   * One sync.
   *
   * @returns the error it ends with; the real one starts over at once when an event triggered it.
   */
  *sync(): Steps<CalicoError | undefined> {
    if (!this.isDatastoreReady || !this.isInSync) return undefined;
    const goneNodes = yield* this.#checkAllocations();
    const error = yield* this.#releaseLeaks();
    if (error !== undefined) return error;
    yield* this.#releaseEmptyBlocks();
    return yield* this.#releaseNodes(goneNodes);
  }

  /** Looks at all allocations; returns the nodes that are gone with everything on them. */
  *#checkAllocations(): Steps<string[]> {
    const gone: string[] = [];
    for (const node of this.#env.mapOrder(this.#blocks.nodes, (name) => name)) {
      const kubernetesNode = yield* this.#kubernetesNameOf(node);
      if (kubernetesNode instanceof CalicoError) continue;
      const exists = kubernetesNode !== "" && this.cluster.hasNode(kubernetesNode);
      const tunnels: Allocation[] = [];
      let isUsed = false;
      for (const allocation of this.#inOrder(this.#blocks.allocationsOfNode(node))) {
        allocation.kubernetesNode = kubernetesNode;
        if (allocation.purpose === "tunnel") tunnels.push(allocation);
        else if (allocation.purpose === "unknown") isUsed = true;
        else if (allocation.purpose === "pod")
          isUsed = this.#checkPod(allocation, exists) || isUsed;
      }
      if (exists || isUsed) continue;
      for (const tunnel of tunnels) {
        tunnel.markConfirmed();
        this.#confirmed.set(tunnel.id, tunnel);
      }
      gone.push(node);
    }
    return gone;
  }

  /** Checks a pod's address by the cache; true when it is in use. */
  #checkPod(allocation: Allocation, nodeExists: boolean): boolean {
    const { cluster } = this;
    if (isInUse(allocation, (namespace, name) => cluster.cachedPod(namespace, name))) {
      allocation.markValid();
      // It stays among the confirmed leaks until the final check sees it.
      return true;
    }
    if (!nodeExists) allocation.markConfirmed();
    else if (this.#graceNs !== undefined) {
      allocation.markLeaked(this.#env.nowNs(), this.#graceNs);
    }
    if (allocation.isConfirmed) this.#confirmed.set(allocation.id, allocation);
    else this.#confirmed.delete(allocation.id);
    return false;
  }

  /** Releases confirmed leaks, one address a call; the first error ends it. */
  *#releaseLeaks(): Steps<CalicoError | undefined> {
    const { cluster } = this;
    for (const leak of this.#inOrder([...this.#confirmed.values()])) {
      if (isInUse(leak, (namespace, name) => cluster.livePod(namespace, name))) {
        this.#confirmed.delete(leak.id);
        leak.markValid();
        continue;
      }
      if (!this.#blocks.isLeakedHandle(leak.handle)) continue;
      const result = yield* this.ipam.releaseIps(UNLIMITED, [leak.releaseOption]);
      // Released already: the update of its block will tell; until then it is tried at every sync.
      if (result.error?.kind === "notFound" || result.unallocated.length === 1) continue;
      if (result.error !== null) return result.error;
      this.#blocks.forgetOnNode(leak);
      this.#confirmed.delete(leak.id);
      this.#countReclaimed(leak);
    }
    return undefined;
  }

  /** Gives up blocks that have been empty for long, but never a node's only one. */
  *#releaseEmptyBlocks(): Steps<void> {
    for (const [cidr, node] of this.#env.mapOrder(this.#blocks.emptyBlocks, ([text]) => text)) {
      const blocks = this.#blocks.blocksOfNode(node);
      if (blocks.length <= 1) continue;
      if (!this.#hasRoomWithout(cidr, blocks) || (yield* this.#isMigrating(node))) {
        this.#emptyTimer.forget(cidr);
        continue;
      }
      if (!this.#emptyTimer.markEmpty(cidr, this.#env.nowNs())) continue;
      const block = this.#blocks.block(cidr);
      if (block === undefined) continue;
      const error = yield* this.ipam.releaseBlockAffinity(block, true);
      if (error !== undefined) continue;
      this.#blocks.forgetBlock(cidr);
      this.#emptyTimer.forget(cidr);
      this.#pools.deleteBlock(cidr);
    }
  }

  /** Up to v3.27 an empty block is kept while the node's other blocks are full. */
  #hasRoomWithout(cidr: string, blocks: readonly string[]): boolean {
    if (this.#env.release.gcEmptyBlockRule === "all") return true;
    const others = blocks.filter((text) => text !== cidr);
    const free = others.map((text) => this.#blocks.block(text)?.unallocated.length ?? 0);
    return free.reduce((sum, count) => sum + count, 0) >= FREE_ADDRESSES_KEPT;
  }

  /** Whether blocks of the node are kept because it comes from Flannel, or may do so. */
  *#isMigrating(node: string): Steps<boolean> {
    const kubernetesNode = yield* this.#kubernetesNameOf(node);
    if (kubernetesNode instanceof CalicoError) return true;
    return this.cluster.isMigratingFromFlannel(kubernetesNode) !== false;
  }

  /** Releases the affinities of nodes that are gone; returns the last error. */
  *#releaseNodes(nodes: readonly string[]): Steps<CalicoError | undefined> {
    let last: CalicoError | undefined;
    for (const node of nodes) {
      yield new Sleep(this.#limiter.delayMs(node, this.#env.nowNs()));
      const error = yield* this.ipam.releaseHostAffinities(node, true);
      if (error !== undefined) {
        last = error;
        continue;
      }
      this.#limiter.reset(node);
      this.#reclaimed.delete(node);
    }
    return last;
  }

  /** The node's name in Kubernetes, asked for when it is not known; empty when it has none. */
  *#kubernetesNameOf(node: string): Steps<string | CalicoError> {
    if (this.#nodes.has(node)) return node;
    const found = (yield getNode(node)) as Found<Node>;
    if (!(found instanceof CalicoError)) return node;
    return found.kind === "notFound" ? "" : found;
  }

  #countReclaimed({ node, block }: Allocation): void {
    const pool = this.#pools.poolOf(block);
    // A block that was deleted in the meantime has no pool to count for.
    if (pool === "") return;
    const pools = this.#reclaimed.get(node) ?? new Map<string, number>();
    this.#reclaimed.set(node, pools.set(pool, (pools.get(pool) ?? 0) + 1));
  }

  #inOrder(allocations: readonly Allocation[]): readonly Allocation[] {
    return this.#env.mapOrder(allocations, (allocation) => allocation.id);
  }
}
