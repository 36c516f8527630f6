import { type Effect, Sleep } from "../datastore/request.js";
import type { Response } from "../datastore/response.js";
import type { Block } from "../model/block.js";
import type { Pool } from "../model/pool.js";
import type { Behaviours } from "../releases/behaviours.js";
import type { GarbageCollector, SyncOutcome } from "./garbage-collector.js";
import { RetryLimiter } from "./retry-limiter.js";

const NS_PER_SECOND = 1_000_000_000n;
const NS_PER_MS = 1_000_000n;

/** Time between two timer syncs when there is no grace period. */
const DEFAULT_PERIOD_NS = 300n * NS_PER_SECOND;

/** How long v3.30.0 and later gather events of one kind. */
const GATHERING_NS = NS_PER_SECOND;

/** Events that are taken at once: `kube-controllers/pkg/controllers/utils` of the releases. */
const BATCH_SIZE = 1000;

/** Deletions that v3.30 gathers at most: its counter goes up twice for each but the first. */
const BATCH_SIZE_COUNTED_TWICE = 501;

const RETRY_KEY = "sync";

/** What the collector's watch of Calico's objects delivers. */
export type CollectorUpdate =
  | { readonly kind: "block"; readonly block: Block }
  | { readonly kind: "blockDeleted"; readonly cidr: string }
  | { readonly kind: "pool"; readonly pool: Pool }
  | { readonly kind: "poolDeleted"; readonly name: string }
  | { readonly kind: "node"; readonly name: string }
  | { readonly kind: "nodeDeleted"; readonly name: string }
  | { readonly kind: "datastoreReady"; readonly isReady: boolean }
  /** Everything that existed at the start has been delivered. */
  | { readonly kind: "inSync" };

/** A pause until this time; the loop's `wake` ends it early. */
export class Wait {
  constructor(readonly untilNs: bigint) {}
}

/** What the loop asks of the process that runs it. */
export type LoopEffect = Effect | Wait;

/** Average time that a sync takes by itself, besides its requests; half to one and a half of it. */
export interface ScanCost {
  readonly perSyncUs: number;
  readonly perAllocationUs: number;
}

export interface CollectorLoopOptions {
  readonly release: Behaviours;
  /** Leak grace period: half of it is the time between timer syncs. */
  readonly graceSeconds: number | undefined;
  readonly nowNs: () => bigint;
  /**
   * Uniform numbers of at least 0 and less than 1. They pick the source that is served next when
   * several are ready, as Go does, and vary the time that a scan takes: a leak that was first seen
   * at one tick of the timer is at a later one either a little older than the grace period, or not.
   */
  readonly random: () => number;
  readonly scanCost: ScanCost;
  /** Is called when the real collector refreshes its metrics. */
  readonly onMetrics?: () => void;
  /** Is called after every sync with the time at which it began. */
  readonly onSync?: (trigger: SyncTrigger, outcome: SyncOutcome, startedNs: bigint) => void;
}

export type SyncTrigger = "event" | "timer";

type Source = "nodeDeletions" | "podDeletions" | "updates" | "timer" | "sync";

/**
 * When the collector syncs: the one goroutine around it, with its queues and timers
 * (`acceptScheduleRequests`, kube-controllers/pkg/controllers/node/ipam.go@v3.28.4 and the tags that
 * the behaviours name). Any process that has a clock can run it: it performs what `run` yields, hands
 * over what the watches deliver, and ends a `Wait` when `wake` is called.
 */
export class CollectorLoop {
  /** Ends the current `Wait`; to be set by the process. Never called while there is none. */
  wake: () => void = () => undefined;
  readonly #updates: CollectorUpdate[] = [];
  /** Nodes of deleted pods; empty for pods that had none. */
  readonly #podDeletions: string[] = [];
  #nodeDeletions = 0;
  #isSyncPending = false;
  #nextTickNs: bigint;
  readonly #periodNs: bigint;
  readonly #retries = new RetryLimiter();
  #retryAtNs: bigint | undefined;
  /** Whether what has arrived ends the current wait; undefined while there is none. */
  #isAwaited: (() => boolean) | undefined;

  constructor(
    private readonly collector: GarbageCollector,
    private readonly options: CollectorLoopOptions,
  ) {
    const grace = options.graceSeconds ?? 0;
    this.#periodNs = grace > 0 ? BigInt(Math.round((grace / 2) * 1e9)) : DEFAULT_PERIOD_NS;
    this.#nextTickNs = options.nowNs() + this.#periodNs;
  }

  /** The watch of Calico's objects delivers something. */
  deliver(update: CollectorUpdate): void {
    this.#updates.push(update);
    this.#arrived();
  }

  /** A Kubernetes node was deleted. */
  noteNodeDeletion(): void {
    this.#nodeDeletions++;
    this.#arrived();
  }

  /** A pod was deleted that was bound to this node, or to none. */
  notePodDeletion(node: string): void {
    if (!this.options.release.gcPodDeletionTriggers) return;
    this.#podDeletions.push(node);
    this.#arrived();
  }

  /** The steps of the collector's process, which never ends by itself. */
  *run(): Generator<LoopEffect, never, Response> {
    for (;;) {
      const ready = this.#readySources();
      if (ready.length === 0) {
        yield* this.#wait(this.#nextTimeNs, () => true);
        continue;
      }
      const choice = ready.length === 1 ? 0 : Math.floor(this.options.random() * ready.length);
      yield* this.#serve(ready[choice]!);
    }
  }

  /** The next time at which something happens without any event. */
  get #nextTimeNs(): bigint {
    const retry = this.#retryAtNs;
    return retry !== undefined && retry < this.#nextTickNs ? retry : this.#nextTickNs;
  }

  *#serve(source: Source): Generator<LoopEffect, void, Response> {
    switch (source) {
      case "nodeDeletions":
        yield* this.#gather(() => this.#nodeDeletions, this.#deletionBatchSize);
        this.#nodeDeletions = Math.max(0, this.#nodeDeletions - this.#deletionBatchSize);
        this.collector.requireFullScan();
        this.#isSyncPending = true;
        return;
      case "podDeletions": {
        yield* this.#gather(() => this.#podDeletions.length, this.#deletionBatchSize);
        const nodes = this.#podDeletions.splice(0, this.#deletionBatchSize);
        for (const node of nodes) this.collector.markDirty(node);
        this.#isSyncPending = true;
        return;
      }
      case "updates":
        yield* this.#gather(() => this.#updates.length, BATCH_SIZE);
        for (const update of this.#updates.splice(0, BATCH_SIZE)) this.#apply(update);
        this.#isSyncPending = true;
        return;
      case "timer":
        // Ticks that came while the last one was waiting are lost.
        while (this.#nextTickNs <= this.options.nowNs()) this.#nextTickNs += this.#periodNs;
        this.collector.requireFullScan();
        yield* this.#sync("timer");
        return;
      case "sync":
        this.#isSyncPending = false;
        yield* this.#triggeredSync();
    }
  }

  *#triggeredSync(): Generator<LoopEffect, void, Response> {
    const { release, onMetrics } = this.options;
    const { error } = yield* this.#sync("event");
    if (error === undefined) {
      if (release.gcRetry === "back-off") this.#retries.reset(RETRY_KEY);
    } else if (release.gcRetry === "at once") {
      this.#isSyncPending = true;
    } else {
      this.#scheduleRetry();
    }
    if (this.collector.isInSync || release.gcMetricsBeforeInSync) onMetrics?.();
  }

  *#sync(trigger: SyncTrigger): Generator<LoopEffect, SyncOutcome, Response> {
    const startedNs = this.options.nowNs();
    yield new Sleep(this.#scanMs());
    const outcome = yield* this.collector.sync();
    if (outcome.isUnfinished) this.#isSyncPending = true;
    this.options.onSync?.(trigger, outcome, startedNs);
    return outcome;
  }

  #scanMs(): number {
    const { scanCost, random } = this.options;
    const averageUs = scanCost.perSyncUs + scanCost.perAllocationUs * this.collector.scanSize;
    // At least a microsecond: a collector that syncs without a pause must not stop the clock.
    return Math.max(1, averageUs * (0.5 + random())) / 1000;
  }

  /** Plans one more sync after an error, unless one is planned. */
  #scheduleRetry(): void {
    this.#takeDueRetry();
    if (this.#retryAtNs !== undefined) return;
    const nowNs = this.options.nowNs();
    const delayMs = this.#retries.delayMs(RETRY_KEY, nowNs);
    this.#retryAtNs = nowNs + BigInt(Math.round(delayMs * Number(NS_PER_MS)));
  }

  #takeDueRetry(): void {
    if (this.#retryAtNs === undefined || this.#retryAtNs > this.options.nowNs()) return;
    this.#retryAtNs = undefined;
    this.#isSyncPending = true;
  }

  #readySources(): Source[] {
    this.#takeDueRetry();
    const ready: Source[] = [];
    if (this.#nodeDeletions > 0) ready.push("nodeDeletions");
    if (this.#podDeletions.length > 0) ready.push("podDeletions");
    if (this.#updates.length > 0) ready.push("updates");
    if (this.#nextTickNs <= this.options.nowNs()) ready.push("timer");
    if (this.#isSyncPending) ready.push("sync");
    return ready;
  }

  get #deletionBatchSize(): number {
    const isTwice = this.options.release.gcGathering === "for 1 s or about 500 deletions";
    return isTwice ? BATCH_SIZE_COUNTED_TWICE : BATCH_SIZE;
  }

  /** Lets events of one kind come in, for a second or until a batch is full. */
  *#gather(count: () => number, limit: number): Generator<LoopEffect, void, Response> {
    if (this.options.release.gcGathering === "until none waits") return;
    const untilNs = this.options.nowNs() + GATHERING_NS;
    while (count() < limit && this.options.nowNs() < untilNs) {
      yield* this.#wait(untilNs, () => count() >= limit);
    }
  }

  *#wait(untilNs: bigint, isAwaited: () => boolean): Generator<LoopEffect, void, Response> {
    this.#isAwaited = isAwaited;
    yield new Wait(untilNs);
    this.#isAwaited = undefined;
  }

  #arrived(): void {
    if (this.#isAwaited?.() !== true) return;
    this.#isAwaited = undefined;
    this.wake();
  }

  #apply(update: CollectorUpdate): void {
    const { collector } = this;
    switch (update.kind) {
      case "block":
        collector.updateBlock(update.block);
        return;
      case "blockDeleted":
        collector.deleteBlock(update.cidr);
        return;
      case "pool":
        collector.updatePool(update.pool);
        return;
      case "poolDeleted":
        collector.deletePool(update.name);
        return;
      case "node":
        collector.updateNode(update.name);
        return;
      case "nodeDeleted":
        collector.deleteNode(update.name);
        return;
      case "datastoreReady":
        collector.isDatastoreReady = update.isReady;
        return;
      case "inSync":
        collector.isInSync = true;
    }
  }
}
