import type { DatastoreWatch } from "../datastore/watch.js";
import { BoundedSeries } from "../metrics/bounded-series.js";
import { LatencyHistogram } from "../metrics/latency-histogram.js";
import type { Block } from "../model/block.js";
import type { Cidr } from "../model/cidr.js";
import type { Node } from "../model/node.js";
import type { Pool } from "../model/pool.js";
import type { SyncTrigger } from "./collector-loop.js";
import { CollectorProcess, type CollectorProcessOptions } from "./collector-process.js";
import type { WatchEvent } from "./delayed-updates.js";
import type { SyncOutcome } from "./garbage-collector.js";

/** What each of its collectors is given; the collection itself looks at their syncs. */
export type GarbageCollectionOptions = Omit<CollectorProcessOptions, "onSync">;

/** Candidates are counted at most this often: counting looks at every allocation. */
const COUNT_EVERY_US = 10_000_000;

/**
 * The cluster's garbage collection over a whole simulation: one collector at a time, which can be
 * stopped and started, and what it has done.
 */
export class GarbageCollection implements DatastoreWatch {
  /** Addresses that look leaked and are not released yet, over time. */
  readonly candidates = new BoundedSeries();
  /** Addresses released so far, over time. */
  readonly reclaimed = new BoundedSeries();
  readonly syncs: Record<SyncTrigger, number> = { event: 0, timer: 0 };
  /** How long syncs took, requests and waits for the clients' limits included. */
  readonly syncTime = new LatencyHistogram();
  /** Texts of the errors that syncs ended with, with how often. */
  readonly errors = new Map<string, number>();
  starts = 0;
  #reclaimed = 0;
  #candidatesPeak = 0;
  #nextCountUs = 0;
  #process: CollectorProcess | undefined;

  #options: GarbageCollectionOptions;

  constructor(options: GarbageCollectionOptions) {
    this.#options = options;
    options.datastore.watch = this;
  }

  /**
   * Another release takes over: a collector that runs is stopped, and the new one starts knowing
   * nothing. One that does not run starts with it later.
   */
  replace(release: Pick<GarbageCollectionOptions, "ipam" | "surroundings">): void {
    this.#options = { ...this.#options, ...release };
    if (this.#process === undefined) return;
    this.stop();
    this.start();
  }

  /** Addresses released so far. */
  get reclaimedCount(): number {
    return this.#reclaimed;
  }

  get candidatesPeak(): number {
    return this.#candidatesPeak;
  }

  /** Candidates and confirmed leaks now; 0 while no collector runs. */
  get candidateCount(): number {
    return this.#process?.collector.suspectCount ?? 0;
  }

  /** Starts a collector that knows nothing yet. Does nothing when one runs. */
  start(): void {
    if (this.#process !== undefined) return;
    this.starts++;
    this.#process = new CollectorProcess({
      ...this.#options,
      onReleased: (leak) => {
        this.#reclaimed++;
        this.#options.onReleased(leak);
        this.#countSometimes();
      },
      onSync: (trigger, outcome, startedUs) => this.#noteSync(trigger, outcome, startedUs),
    });
  }

  /** Kills the collector; the ages of its candidates are lost with it. */
  stop(): void {
    this.#process?.kill();
    this.#process = undefined;
  }

  blockChanged(block: Block): void {
    this.#process?.tell({ kind: "block", block });
  }

  blockDeleted({ text }: Cidr): void {
    this.#process?.tell({ kind: "blockDeleted", cidr: text });
  }

  nodeChanged({ name }: Node): void {
    this.#process?.collector.noteNodeChange(name);
    this.#process?.tell({ kind: "node", name });
  }

  /** The node is gone from Kubernetes, and so from Calico. */
  nodeDeleted(name: string): void {
    this.#process?.collector.noteNodeChange(name);
    this.#process?.tell({ kind: "nodeDeleted", name });
    this.#process?.tell({ kind: "kubernetesNodeDeleted" });
  }

  poolChanged(pool: Pool): void {
    this.#process?.tell({ kind: "pool", pool });
  }

  poolDeleted(name: string): void {
    this.#process?.tell({ kind: "poolDeleted", name });
  }

  /** A pod has appeared, or its addresses have changed. */
  podChanged(podKey: string): void {
    this.#process?.collector.notePodChange(podKey);
  }

  /** A pod is gone from Kubernetes; `node` is where it was bound to. */
  podDeleted(podKey: string, node: string): void {
    const event: WatchEvent = { kind: "podDeleted", node };
    this.#process?.collector.notePodChange(podKey);
    this.#process?.tell(event);
  }

  /** Brings the figures over time up to date. */
  count(): void {
    const { nowUs } = this.#options.surroundings.kernel;
    const candidates = this.candidateCount;
    this.candidates.record(nowUs, candidates);
    this.reclaimed.record(nowUs, this.#reclaimed);
    this.#candidatesPeak = Math.max(this.#candidatesPeak, candidates);
    this.#nextCountUs = nowUs + COUNT_EVERY_US;
  }

  #noteSync(trigger: SyncTrigger, { error }: SyncOutcome, startedUs: number): void {
    const { nowUs } = this.#options.surroundings.kernel;
    this.syncs[trigger]++;
    this.syncTime.record(nowUs - startedUs);
    if (error !== undefined) this.errors.set(error.text, (this.errors.get(error.text) ?? 0) + 1);
    this.#countSometimes();
  }

  /** A sync may go on for an hour, so releases count as well as ends of syncs. */
  #countSometimes(): void {
    if (this.#options.surroundings.kernel.nowUs >= this.#nextCountUs) this.count();
  }
}
