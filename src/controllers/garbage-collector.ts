import { getNode, PodRequest, Sleep } from "../datastore/request.js";
import type { Found } from "../datastore/response.js";
import type { Block } from "../model/block.js";
import { CalicoError, textError } from "../model/calico-error.js";
import type { Node } from "../model/node.js";
import type { PodLookup } from "../model/pod.js";
import type { Pool } from "../model/pool.js";
import { type Environment, type Steps, UNLIMITED } from "../protocol/environment.js";
import type { Ipam } from "../protocol/ipam.js";
import type { ReleaseIpsResult } from "../protocol/release-ips.js";
import type { Allocation } from "./allocation.js";
import { isInUse } from "./allocation-validity.js";
import { BlockIndex } from "./block-index.js";
import type { ClusterView } from "./cluster-view.js";
import { EmptyBlocks } from "./empty-blocks.js";
import { PoolIndex } from "./pool-index.js";
import { ReclaimedCounts } from "./reclaimed-counts.js";
import { RetryLimiter } from "./retry-limiter.js";

const NS_PER_SECOND = 1e9;

/** Addresses that v3.31.0 and later release with one call. */
const RELEASE_BATCH_SIZE = 10_000;

/** How one sync ended. */
export interface SyncOutcome {
  /** The error that it ended with. */
  readonly error: CalicoError | undefined;
  /** Whether leaks are left that call for another sync at once. */
  readonly isUnfinished: boolean;
}

const DONE: SyncOutcome = { error: undefined, isUnfinished: false };

/** What the collector is run with. */
export interface CollectorOptions {
  /**
   * Leak grace period, 900 in Calico's default configuration. Without one, and with 0, neither leaks
   * on living nodes nor empty blocks are collected; 0 still notes candidates.
   */
  readonly graceSeconds: number | undefined;
  /**
   * Whoever feeds the collector tells it of every change of pods and Kubernetes nodes, so that it
   * may skip nodes on which nothing can have changed. Makes no other difference.
   */
  readonly skipsUnchanged?: boolean;
  /** Is told of every address that the collector has released. */
  readonly onReleased?: (leak: Allocation) => void;
}

/**
 * The IPAM garbage collector of kube-controllers
 * (`kube-controllers/pkg/controllers/node/ipam.go@v3.28.4`; later releases as the behaviours of the
 * release say): what it keeps from its watches, and one sync over it. When it syncs is up to the
 * caller (`CollectorLoop`). The real one does everything in one thread, so the watches are fed
 * between syncs, never while the steps of one are being performed.
 *
 * Nodes of the model are Kubernetes nodes of the same name. Addresses of KubeVirt's virtual machines
 * (v3.32.0) are not told from those of pods.
 */
export class GarbageCollector {
  /** Nothing happens before the watches have delivered everything once. */
  isInSync = false;
  /** Nothing happens while the cluster information says that the datastore is not ready. */
  isDatastoreReady = true;
  readonly blocks: BlockIndex;
  readonly pools: PoolIndex;
  readonly #env: Environment;
  readonly #graceNs: bigint | undefined;
  readonly #skipsUnchanged: boolean;
  readonly #onReleased: (leak: Allocation) => void;
  readonly #nodes = new Set<string>();
  readonly #confirmed = new Map<string, Allocation>();
  readonly #emptyBlocks: EmptyBlocks;
  readonly #limiter = new RetryLimiter();
  /** Released addresses on nodes that still have affinities. */
  readonly #reclaimed = new ReclaimedCounts();
  /** Nodes to check at the next sync that does not check all. */
  readonly #dirty = new Set<string>();
  #needsFullScan = false;
  /** Nodes whose check could come to something new, if only because time has passed. */
  readonly #restless = new Set<string>();

  constructor(
    private readonly ipam: Ipam,
    private readonly cluster: ClusterView,
    options: CollectorOptions,
  ) {
    this.#env = ipam.env;
    const { graceSeconds } = options;
    this.#graceNs =
      graceSeconds === undefined ? undefined : BigInt(Math.round(graceSeconds * NS_PER_SECOND));
    this.#skipsUnchanged = options.skipsUnchanged ?? false;
    this.#onReleased = options.onReleased ?? (() => undefined);
    this.blocks = new BlockIndex(this.#env.release.gcStaleEntries);
    this.pools = new PoolIndex(this.#env.mapOrder.bind(this.#env));
    this.#emptyBlocks = new EmptyBlocks(ipam, this.blocks, this.pools, this.#graceNs, (node) =>
      this.#isMigrating(node),
    );
  }

  updateNode(name: string): void {
    this.#nodes.add(name);
    this.#restless.add(name);
  }

  deleteNode(name: string): void {
    this.#nodes.delete(name);
    this.#restless.add(name);
  }

  updatePool(pool: Pool): void {
    if (pool.beingDeleted && this.#env.release.gcPoolsBeingDeleted === "gone") {
      this.deletePool(pool.name);
    } else {
      this.pools.updatePool(pool);
    }
  }

  deletePool(name: string): void {
    this.pools.deletePool(name);
    this.#reclaimed.forgetPool(name);
  }

  updateBlock(block: Block): void {
    const { added, gone, isNew, newOwner } = this.blocks.updateBlock(block);
    if (newOwner !== "") this.#restless.add(newOwner);
    for (const allocation of added) this.#noteAllocationChange(allocation);
    for (const allocation of gone) {
      this.#noteAllocationChange(allocation);
      if (this.#confirmed.size > 0) this.#confirmed.delete(allocation.id);
    }
    const isOwned = block.affinity?.type === "host";
    if (isOwned && block.allocatedCount > 0) this.#emptyBlocks.noteUsed(block.cidr.text);
    if (isNew) this.pools.addBlock(block.cidr);
  }

  deleteBlock(cidr: string): void {
    for (const allocation of this.blocks.deleteBlock(cidr)) {
      this.#noteAllocationChange(allocation);
      if (!this.#env.release.gcStaleEntries) this.#confirmed.delete(allocation.id);
    }
    this.#emptyBlocks.noteDeleted(cidr);
    this.pools.deleteBlock(cidr);
  }

  /** Has the next sync check every node, whatever has changed. */
  requireFullScan(): void {
    this.#needsFullScan = true;
  }

  /** Has the next sync check this node. */
  markDirty(node: string): void {
    if (node !== "") this.#dirty.add(node);
  }

  /** The pod of this key has appeared, changed or gone. Only for a collector that skips what is unchanged. */
  notePodChange(podKey: string): void {
    for (const allocation of this.blocks.allocationsOfPod(podKey)) {
      allocation.holder?.unsettle(allocation);
      this.#restless.add(allocation.node);
    }
  }

  /** A Kubernetes node has appeared or gone. Only for a collector that skips what is unchanged. */
  noteNodeChange(kubernetesNode: string): void {
    this.#restless.add(kubernetesNode);
  }

  /** Calico's nodes as the watch has them. */
  get nodes(): ReadonlySet<string> {
    return this.#nodes;
  }

  /** How many look leaked, confirmed leaks that are not released yet included. */
  get suspectCount(): number {
    return this.blocks.candidateCount + this.#confirmed.size;
  }

  /** Addresses that look leaked, but not for long enough. */
  get candidates(): string[] {
    return this.blocks.allocations.filter((a) => a.isCandidate).map((a) => a.address);
  }

  /** Addresses that are leaks and not yet released. */
  get confirmedLeaks(): string[] {
    return [...this.#confirmed.values()].map((allocation) => allocation.address);
  }

  /** Addresses released so far on nodes that still have affinities. */
  get reclaimed(): ReclaimedCounts {
    return this.#reclaimed;
  }

  /** Number of allocations that the next sync looks at. */
  get scanSize(): number {
    if (this.#checksAll) return this.blocks.countOnNodes;
    let count = 0;
    for (const node of this.#dirty) count += this.blocks.countOnNode(node);
    return count;
  }

  /** One sync. */
  *sync(): Steps<SyncOutcome> {
    if (!this.isDatastoreReady || !this.isInSync) return DONE;
    const { release } = this.#env;
    const goneNodes = yield* this.#checkAllocations();
    const error =
      release.gcRelease === "one address a call"
        ? yield* this.#releaseOneByOne()
        : yield* this.#releaseTogether();
    if (error !== undefined) return { error, isUnfinished: false };
    yield* this.#emptyBlocks.release();
    const { failed, last } = yield* this.#releaseNodes(goneNodes);
    if (release.gcFailureScope === "whole sync") {
      if (last !== undefined) return { error: last, isUnfinished: false };
      this.#dirty.clear();
    }
    return this.#outcome(failed.length);
  }

  #outcome(failedNodes: number): SyncOutcome {
    const { gcRemainingLeaks } = this.#env.release;
    const leaks = this.#confirmed.size;
    if (gcRemainingLeaks === "another sync, with back-off" && failedNodes + leaks > 0) {
      const text = `work remaining: ${failedNodes} nodes, ${leaks} confirmed leaks`;
      return { error: textError(text), isUnfinished: false };
    }
    return {
      error: undefined,
      isUnfinished: gcRemainingLeaks === "another sync at once" && leaks > 0,
    };
  }

  get #checksAll(): boolean {
    return this.#needsFullScan || this.#env.release.gcScope === "all nodes";
  }

  #nodesToCheck(): readonly string[] {
    if (!this.#checksAll) return [...this.#dirty];
    this.#needsFullScan = false;
    if (!this.#skipsUnchanged) return this.blocks.nodes;
    return [...this.#restless].filter((node) => this.blocks.hasNode(node));
  }

  /** Looks at allocations by node; returns the nodes that are gone with everything on them. */
  *#checkAllocations(): Steps<string[]> {
    const gone: string[] = [];
    for (const node of this.#env.mapOrder(this.#nodesToCheck(), (name) => name)) {
      const kubernetesNode = this.#nodes.has(node) ? node : yield* this.#kubernetesNameOf(node);
      // It stays dirty.
      if (kubernetesNode instanceof CalicoError) continue;
      const exists = kubernetesNode !== "" && this.cluster.hasNode(kubernetesNode);
      const isUnused = this.#checkNode(node, kubernetesNode, exists);
      const isGone = !exists && isUnused;
      if (isGone) gone.push(node);
      // One that is gone is clean once its affinities are released.
      else if (this.#env.release.gcFailureScope === "the node") this.#dirty.delete(node);
    }
    return gone;
  }

  /** Checks the allocations of one node by the cache; true when none is in use. */
  #checkNode(node: string, kubernetesNode: string, exists: boolean): boolean {
    const tunnels: Allocation[] = [];
    const held = this.blocks.ofNode(node);
    // What is settled is so on a node that exists.
    let isUsed = exists && held !== undefined && held.unsettled.length < held.all.length;
    // A node that is not known here is asked for at every full sync, one that is gone released again.
    let isSettled = exists && this.#nodes.has(node);
    // The order makes no difference: nothing is asked for, and leaks are put in order before a release.
    // A copy, since those that are found in use are settled.
    const toCheck = [...((exists ? held?.unsettled : held?.all) ?? [])];
    for (const allocation of toCheck) {
      if (!exists) held!.unsettle(allocation);
      allocation.kubernetesNode = kubernetesNode;
      if (allocation.purpose === "tunnel") tunnels.push(allocation);
      else if (allocation.purpose === "unknown") isUsed = true;
      else if (allocation.purpose === "pod") {
        isUsed = this.#checkPod(allocation, exists) || isUsed;
        if (allocation.isCandidate) isSettled = false;
      }
    }
    if (!exists && !isUsed) {
      for (const tunnel of tunnels) {
        tunnel.markConfirmed();
        this.#confirmed.set(tunnel.id, tunnel);
      }
    }
    if (isSettled) this.#restless.delete(node);
    return !isUsed;
  }

  /** Checks a pod's address by the cache; true when it is in use. */
  #checkPod(allocation: Allocation, nodeExists: boolean): boolean {
    if (isInUse(allocation, this.#cachedPod(allocation))) {
      allocation.markValid();
      if (nodeExists && this.#skipsUnchanged) allocation.holder?.settle(allocation);
      // It stays among the confirmed leaks until the final check sees it.
      return true;
    }
    if (!nodeExists) allocation.markConfirmed();
    else if (this.#graceNs !== undefined) {
      allocation.markLeaked(this.#env.nowNs(), this.#graceNs);
    }
    if (allocation.isConfirmed) this.#confirmed.set(allocation.id, allocation);
    else if (this.#confirmed.size > 0) this.#confirmed.delete(allocation.id);
    return false;
  }

  #cachedPod({ podKey }: Allocation): PodLookup {
    const pod = this.cluster.cachedPod(podKey);
    if (typeof pod === "string" || !pod.isReleased) return pod;
    // Without the deletion timestamp the cache cannot tell that the pod has given up its address.
    return this.#env.release.gcPodCache === "whole pods" ? pod : { ...pod, isReleased: false };
  }

  /** Releases confirmed leaks, one address a call; the first error ends it. */
  *#releaseOneByOne(): Steps<CalicoError | undefined> {
    for (const leak of this.#inOrder([...this.#confirmed.values()])) {
      if (!(yield* this.#isStillLeaked(leak))) continue;
      const result = yield* this.ipam.releaseIps(UNLIMITED, [leak.releaseOption]);
      // Released already: the update of its block will tell; until then it is tried at every sync.
      if (result.error?.kind === "notFound" || result.unallocated.length === 1) continue;
      if (result.error !== null) return result.error;
      this.#forgetReleased(leak);
    }
    return undefined;
  }

  /** Releases up to 10,000 confirmed leaks with one call. */
  *#releaseTogether(): Steps<CalicoError | undefined> {
    const leaks = new Map<string, Allocation>();
    for (const leak of this.#inOrder([...this.#confirmed.values()])) {
      if (yield* this.#isStillLeaked(leak)) leaks.set(leak.address, leak);
      if (leaks.size >= RELEASE_BATCH_SIZE) break;
    }
    if (leaks.size === 0) return undefined;
    const options = [...leaks.values()].map((leak) => leak.releaseOption);
    const result: ReleaseIpsResult = yield* this.ipam.releaseIps(UNLIMITED, options);
    for (const { address } of result.released ?? []) {
      const leak = leaks.get(address);
      if (leak !== undefined) this.#forgetReleased(leak);
    }
    if (result.error === null || result.error.kind === "notFound") return undefined;
    return result.error;
  }

  /** The last check of a confirmed leak before it is released. */
  *#isStillLeaked(leak: Allocation): Steps<boolean> {
    let pod: PodLookup = "notFound";
    if (leak.purpose === "pod") {
      const asks = this.#env.release.gcFinalCheck === "asks for the pod";
      if (asks || leak.kubernetesNode !== "") {
        pod = (yield new PodRequest(leak.namespace, leak.pod)) as PodLookup;
      } else {
        pod = this.#cachedPod(leak);
      }
    }
    if (isInUse(leak, pod)) {
      this.#confirmed.delete(leak.id);
      leak.markValid();
      // The cache may still say otherwise.
      this.#restless.add(leak.node);
      return false;
    }
    return this.blocks.isLeakedHandle(leak.handle);
  }

  #forgetReleased(leak: Allocation): void {
    this.blocks.forgetOnNode(leak);
    this.#noteAllocationChange(leak);
    this.#confirmed.delete(leak.id);
    this.#reclaimed.add(leak.node, this.pools.poolOf(leak.block));
    this.#onReleased(leak);
  }

  /** Releases the affinities of nodes that are gone; tells which failed, and the last error. */
  *#releaseNodes(nodes: readonly string[]): Steps<{ failed: string[]; last?: CalicoError }> {
    const { release } = this.#env;
    const failed: string[] = [];
    let last: CalicoError | undefined;
    for (const node of nodes) {
      if (release.gcNodeCleanupWait === "5 ms to 30 s") {
        yield new Sleep(this.#limiter.delayMs(node, this.#env.nowNs()));
      }
      const error = yield* this.ipam.releaseHostAffinities(node, true);
      if (error !== undefined) {
        failed.push(node);
        last = error;
        continue;
      }
      this.#limiter.reset(node);
      this.#reclaimed.forgetNode(node);
      if (release.gcFailureScope === "the node") this.#dirty.delete(node);
    }
    return last === undefined ? { failed } : { failed, last };
  }

  /** Whether blocks of the node are kept because it comes from Flannel, or may do so. */
  *#isMigrating(node: string): Steps<boolean> {
    const kubernetesNode = yield* this.#kubernetesNameOf(node);
    if (kubernetesNode instanceof CalicoError) return true;
    return this.cluster.isMigratingFromFlannel(kubernetesNode) !== false;
  }

  /** The node's name in Kubernetes, asked for when it is not known; empty when it has none. */
  *#kubernetesNameOf(node: string): Steps<string | CalicoError> {
    if (this.#nodes.has(node)) return node;
    const found = (yield getNode(node)) as Found<Node>;
    if (!(found instanceof CalicoError)) return node;
    return found.kind === "notFound" ? "" : found;
  }

  #noteAllocationChange({ node }: Allocation): void {
    this.markDirty(node);
    this.#restless.add(node);
  }

  #inOrder(allocations: readonly Allocation[]): readonly Allocation[] {
    return this.#env.mapOrder(allocations, (allocation) => allocation.id);
  }
}
