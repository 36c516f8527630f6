import type { MemoryDatastore } from "../datastore/memory.js";
import type { Change } from "../formats/scenario/change-schema.js";
import { Cidr } from "../model/cidr.js";
import { DEFAULT_IPAM_CONFIG } from "../model/ipam-config.js";
import { makePool, type Pool, type UsablePool } from "../model/pool.js";
import { parseSelector, SelectorSyntaxError } from "../model/selector.js";
import type { Behaviours } from "../releases/behaviours.js";
import { findProfile, unknownReleaseText } from "../releases/profiles.js";
import type { Kernel } from "../simulation/kernel.js";
import type { ClusterNode } from "../workload/pod-network.js";
import type { WorkloadHost } from "../workload/workload-host.js";
import type { ModelRun } from "./model-run.js";

/** What changes are made to. */
export interface ChangedCluster {
  readonly kernel: Kernel;
  readonly host: WorkloadHost;
  readonly datastore: MemoryDatastore;
  /** From now on the node works as this release does. */
  setRelease(node: ClusterNode, release: Behaviours): void;
  /** Absent where the datastore takes no time. */
  readonly setDatastore?: ModelRun["setDatastore"];
  /** Absent where nothing collects garbage. */
  readonly setCollecting?: ModelRun["setCollecting"];
}

/** Makes the changes of a scenario at their times. */
export class ScheduledChanges {
  /** @param pools those of the beginning. */
  constructor(
    private readonly begun: readonly UsablePool[],
    private readonly cluster: ChangedCluster,
  ) {}

  /** To be called before anything else is scheduled, so that a change comes first at its time. */
  schedule(changes: readonly Change[]): void {
    for (const change of changes) {
      this.cluster.kernel.schedule(change.at, { wake: () => this.#make(change) });
    }
  }

  /** The world with the pools that are there now. */
  worldNow<World extends { readonly pools: readonly UsablePool[] }>(world: World): World {
    return { ...world, pools: this.#pools };
  }

  /** The pools that are there now: those of the beginning in their order, then others by name. */
  get #pools(): readonly UsablePool[] {
    const { pools } = this.cluster.datastore;
    const now = pools.filter((pool): pool is UsablePool => pool.cidr !== undefined);
    const place = ({ name }: UsablePool) => {
      const index = this.begun.findIndex((pool) => pool.name === name);
      return index < 0 ? Infinity : index;
    };
    return now.toSorted((a, b) => (place(a) === place(b) ? 0 : place(a) - place(b)));
  }

  #make(change: Change): void {
    const { datastore, host } = this.cluster;
    switch (change.change) {
      case "add-pool": {
        const { cidr, blockSize, ...pool } = change.pool;
        const spec = { ...pool, cidr: Cidr.of(cidr) };
        datastore.setPool(makePool(blockSize === undefined ? spec : { ...spec, blockSize }));
        break;
      }
      case "disable-pool":
        datastore.setPool({ ...this.#pool(change.pool), disabled: true });
        break;
      case "enable-pool":
        datastore.setPool({ ...this.#pool(change.pool), disabled: false });
        break;
      case "delete-pool":
        datastore.deletePool(change.pool);
        break;
      case "slow-datastore":
        this.cluster.setDatastore?.(change.slowdown);
        break;
      case "stop-datastore":
        this.cluster.setDatastore?.("down");
        break;
      case "restore-datastore":
        this.cluster.setDatastore?.(1);
        break;
      case "stop-gc":
      case "start-gc":
        this.cluster.setCollecting?.(change.change === "start-gc");
        break;
      case "ipam-config": {
        const config = datastore.config ?? DEFAULT_IPAM_CONFIG;
        datastore.setConfig({
          ...config,
          strictAffinity: change.strictAffinity ?? config.strictAffinity,
          autoAllocateBlocks: change.autoAllocateBlocks ?? config.autoAllocateBlocks,
          maxBlocksPerHost: change.maxBlocksPerHost ?? config.maxBlocksPerHost,
        });
        break;
      }
      case "relabel-nodes":
        for (const node of this.#nodes(change.nodeSelector)) {
          const labels = Object.entries({ ...node.labels, ...change.labels });
          const kept = labels.filter((label): label is [string, string] => label[1] !== null);
          host.relabelNode(node, Object.fromEntries(kept));
          datastore.setNode({ name: node.name, labels: node.labels });
        }
        break;
      case "release": {
        const profile = findProfile(change.release);
        if (profile === undefined) throw new RangeError(unknownReleaseText(change.release));
        for (const node of this.#nodes(change.nodeSelector)) {
          this.cluster.setRelease(node, profile.behaviours);
        }
      }
    }
  }

  #pool(name: string): Pool {
    return this.cluster.datastore.pools.find((pool) => pool.name === name)!;
  }

  #nodes(selectorText: string): ClusterNode[] {
    const selector = parseSelector(selectorText);
    if (selector instanceof SelectorSyntaxError) throw new RangeError(selector.message);
    return [...this.cluster.host.liveNodes()].filter(({ labels }) => selector.evaluate(labels));
  }
}
