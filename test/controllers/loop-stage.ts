import { podKey } from "../../src/model/pod.js";
import {
  CollectorLoop,
  type LoopEffect,
  type SyncTrigger,
  Wait,
} from "../../src/controllers/collector-loop.js";
import type { SyncOutcome } from "../../src/controllers/garbage-collector.js";
import { DatastoreRequest, PodRequest, Sleep } from "../../src/datastore/request.js";
import type { Response } from "../../src/datastore/response.js";
import { Stage, type StageOptions } from "./collector-stage.js";

/** Numbers of at least 0 and less than 1, the same for the same seed. */
export function seededNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const REQUEST_NS = 10_000_000n;

interface RanSync extends SyncOutcome {
  readonly trigger: SyncTrigger;
  /** Seconds since the stage was set. */
  readonly atSeconds: number;
}

/**
 * A collector's process on a clock that a test moves. Every request takes 10 ms; the watch delivers
 * at once, everything else that happens is told by the test.
 */
export class LoopStage extends Stage {
  readonly loop: CollectorLoop;
  readonly syncs: RanSync[] = [];
  /** Requests so far, pods included. */
  requests = 0;
  readonly #process: Generator<LoopEffect, never, Response>;
  readonly #startNs: bigint;
  #effect: LoopEffect;
  #dueNs: bigint;
  #revisions = new Map<string, number>();

  constructor(options: StageOptions & { readonly random?: () => number }) {
    super(options);
    this.#startNs = this.nowNs;
    this.collector.isInSync = false;
    this.loop = new CollectorLoop(this.collector, {
      release: this.ipam.env.release,
      graceSeconds: options.graceSeconds,
      nowNs: () => this.nowNs,
      random: options.random ?? seededNumbers(1),
      scanCost: { perSyncUs: 1000, perAllocationUs: 0 },
      onSync: (trigger, outcome) =>
        this.syncs.push({ trigger, ...outcome, atSeconds: this.seconds }),
    });
    this.loop.wake = () => (this.#dueNs = this.nowNs);
    this.#process = this.loop.run();
    this.#effect = this.#process.next(undefined).value;
    this.#dueNs = this.#dueTime(this.#effect);
    this.tell();
    this.loop.deliver({ kind: "inSync" });
  }

  get seconds(): number {
    return Number(this.nowNs - this.#startNs) / 1e9;
  }

  /** Lets the process go on for so long. */
  override advance(seconds: number): void {
    const untilNs = this.nowNs + BigInt(Math.round(seconds * 1e9));
    while (this.#dueNs <= untilNs) {
      this.moveTo(this.#dueNs);
      const response = this.#perform(this.#effect);
      this.tell();
      this.#effect = this.#process.next(response).value;
      this.#dueNs = this.#dueTime(this.#effect);
    }
    this.moveTo(untilNs);
  }

  /** Delivers every change of blocks since the last time. */
  tell(): void {
    const current = new Map(
      this.datastore.listBlocks().map((entry) => [entry.value.cidr.text, entry]),
    );
    for (const cidr of this.#revisions.keys()) {
      if (!current.has(cidr)) this.loop.deliver({ kind: "blockDeleted", cidr });
    }
    for (const [cidr, { value, revision }] of current) {
      if (this.#revisions.get(cidr) !== revision)
        this.loop.deliver({ kind: "block", block: value });
    }
    this.#revisions = new Map([...current].map(([cidr, { revision }]) => [cidr, revision]));
  }

  /** The node goes from Kubernetes, and so from Calico. */
  override removeNode(name: string): void {
    this.cluster.nodes.delete(name);
    this.datastore.deleteNode(name);
    this.loop.deliver({ kind: "nodeDeleted", name });
    this.loop.noteNodeDeletion();
  }

  deletePod(name: string, node: string): void {
    this.cluster.pods.delete(name);
    this.loop.notePodDeletion(node);
  }

  #dueTime(effect: LoopEffect): bigint {
    if (effect instanceof Wait) return effect.untilNs;
    if (effect instanceof Sleep) return this.nowNs + BigInt(Math.round(effect.durationMs * 1e6));
    return this.nowNs + REQUEST_NS;
  }

  #perform(effect: LoopEffect): Response {
    if (effect instanceof Wait || effect instanceof Sleep) return undefined;
    this.requests++;
    if (effect instanceof PodRequest)
      return this.cluster.livePod(podKey(effect.namespace, effect.name));
    if (effect instanceof DatastoreRequest) return this.wrap(this.datastore).perform(effect);
    throw new Error("a collector takes no lock");
  }
}
