import type { MemoryDatastore } from "../datastore/memory.js";
import { PodRequest, Sleep } from "../datastore/request.js";
import { ClientProcess, type ProcessSurroundings } from "../datastore/simulated/client-process.js";
import { type ProcessSteps, SUSPEND } from "../datastore/simulated/process-steps.js";
import { TokenBucket } from "../datastore/simulated/token-bucket.js";
import type { Ipam } from "../protocol/ipam.js";
import type { Activity } from "../simulation/kernel.js";
import { type ClientLimit, collectorClientLimits } from "./client-limits.js";
import type { ClusterView } from "./cluster-view.js";
import { CollectorLoop, type ScanCost, type SyncTrigger, Wait } from "./collector-loop.js";
import { DelayedUpdates, type WatchEvent } from "./delayed-updates.js";
import { GarbageCollector, type SyncOutcome } from "./garbage-collector.js";
import type { Allocation } from "./allocation.js";

/** Time that a sync is assumed to take besides its requests; nobody has published a measurement. */
export const ASSUMED_SCAN_COST: ScanCost = { perSyncUs: 100, perAllocationUs: 0.5 };

/** Time that a change is assumed to take until the collector's watch has delivered it. */
export const ASSUMED_WATCH_LATENCY_US = 50_000;

export interface CollectorProcessOptions {
  readonly surroundings: ProcessSurroundings;
  /** IPAM of the collector's release. */
  readonly ipam: Ipam;
  /** Where the watch finds what exists when it starts. */
  readonly datastore: MemoryDatastore;
  /**
   * Nodes and pods of Kubernetes. The collector's caches are taken to be up to date: only events
   * come late.
   */
  readonly cluster: ClusterView;
  /** Leak grace period; undefined is unset, 0 switches the collection of leaks off. */
  readonly graceSeconds: number | undefined;
  readonly random: () => number;
  readonly watchLatencyUs: number;
  readonly scanCost: ScanCost;
  /** Is told of every address that was released, also of those that were no leak. */
  readonly onReleased: (leak: Allocation) => void;
  readonly onSync: (trigger: SyncTrigger, outcome: SyncOutcome, startedUs: number) => void;
}

function rateOf({ perSecond, burst }: ClientLimit) {
  return { qps: perSecond, burst };
}

/**
 * kube-controllers' garbage collector as a process of the simulated cluster, from its start until it is
 * killed: its watches, its two clients with their limits, and its loop. The requests of the watches
 * themselves are not simulated.
 */
export class CollectorProcess implements Activity {
  readonly collector: GarbageCollector;
  readonly #loop: CollectorLoop;
  readonly #process: ClientProcess<never>;
  readonly #updates: DelayedUpdates;
  /** Limit of the client that asks for pods. */
  readonly #podBucket: TokenBucket;
  /** Until when the loop waits; undefined while it does not. */
  #waitUntilUs: number | undefined;
  /** Times for which a wake is scheduled: the loop waits for the same tick again and again. */
  readonly #scheduledUs = new Set<number>();

  constructor(private readonly options: CollectorProcessOptions) {
    const { surroundings, ipam, cluster, graceSeconds, onReleased } = options;
    const { release, nowNs } = ipam.env;
    const limits = collectorClientLimits(release);
    this.collector = new GarbageCollector(ipam, cluster, {
      graceSeconds,
      skipsUnchanged: true,
      onReleased,
    });
    this.#loop = new CollectorLoop(this.collector, {
      release,
      graceSeconds,
      nowNs,
      random: options.random,
      scanCost: options.scanCost,
      onSync: (trigger, outcome, startedNs) => {
        const tookUs = Number((nowNs() - startedNs) / 1000n);
        options.onSync(trigger, outcome, this.#nowUs - tookUs);
      },
    });
    this.#loop.wake = () => this.#goOn();
    this.#podBucket = new TokenBucket(rateOf(limits.kubernetes));
    const { kernel } = surroundings;
    const { watchLatencyUs } = options;
    this.#updates = new DelayedUpdates(kernel, watchLatencyUs, (event) => this.#deliver(event));
    const owner = { processEnded: () => undefined };
    this.#process = new ClientProcess<never>(surroundings, owner, rateOf(limits.calico));
    this.#listAll();
    this.#process.start(this.#steps());
  }

  /** Something has changed that the collector watches. */
  tell(event: WatchEvent): void {
    this.#updates.send(event);
  }

  /** The process ends at once; what it has sent still happens, and what it knew is lost. */
  kill(): void {
    this.#process.kill();
    this.#updates.cancel();
    this.#waitUntilUs = undefined;
  }

  wake(): void {
    const nowUs = this.#nowUs;
    this.#scheduledUs.delete(nowUs);
    if (this.#waitUntilUs !== undefined && this.#waitUntilUs <= nowUs) this.#goOn();
  }

  get #nowUs(): number {
    return this.options.surroundings.kernel.nowUs;
  }

  #goOn(): void {
    this.#waitUntilUs = undefined;
    this.#process.resume(0);
  }

  /** What exists when the watch starts comes first. */
  #listAll(): void {
    const { datastore } = this.options;
    for (const { name } of datastore.listNodes()) this.tell({ kind: "node", name });
    for (const pool of datastore.pools) this.tell({ kind: "pool", pool });
    for (const { value } of datastore.listBlocks()) this.tell({ kind: "block", block: value });
    this.tell({ kind: "inSync" });
  }

  #deliver(event: WatchEvent): void {
    if (event.kind === "kubernetesNodeDeleted") this.#loop.noteNodeDeletion();
    else if (event.kind === "podDeleted") this.#loop.notePodDeletion(event.node);
    else this.#loop.deliver(event);
  }

  *#steps(): ProcessSteps<never> {
    const loop = this.#loop.run();
    const { kernel } = this.options.surroundings;
    const { nowNs } = this.options.ipam.env;
    let next = loop.next(undefined);
    for (;;) {
      const effect = next.value;
      if (effect instanceof Wait) {
        const waitUs = Math.max(0, Math.ceil(Number(effect.untilNs - nowNs()) / 1000));
        this.#waitUntil(kernel.nowUs + waitUs);
        next = loop.next(yield SUSPEND);
        continue;
      }
      if (effect instanceof PodRequest) {
        const waitUs = this.#podBucket.reserve(kernel.nowUs, Infinity)!;
        if (waitUs > 0) yield new Sleep(waitUs / 1000);
      }
      next = loop.next(yield effect);
    }
  }

  #waitUntil(timeUs: number): void {
    this.#waitUntilUs = timeUs;
    if (this.#scheduledUs.has(timeUs)) return;
    this.#scheduledUs.add(timeUs);
    this.options.surroundings.kernel.scheduleIdle(timeUs, this);
  }
}
