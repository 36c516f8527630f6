import { plainAssignment } from "../src/protocol/plain-assignment.js";
import { createHash } from "node:crypto";
import { MemoryDatastore } from "../src/datastore/memory.js";
import { formatAddress } from "../src/model/address.js";
import { Cidr } from "../src/model/cidr.js";
import { makePool } from "../src/model/pool.js";
import { autoAssign, releaseByHandle } from "../src/protocol/direct.js";
import { ascendingMapOrder, type Environment, UNLIMITED } from "../src/protocol/environment.js";
import { PoolViews } from "../src/protocol/pool-views.js";
import { findProfile } from "../src/releases/profiles.js";
import { CountingDatastore } from "../src/simulation/counting-datastore.js";
import { RandomStreams } from "../src/simulation/random-streams.js";

/** A churn of pods: a cluster filled once, then as many pods that come as pods that go. */
export interface ChurnWorkload {
  readonly name: string;
  readonly nodes: number;
  readonly pool: string;
  readonly blockSize: number;
  /** Pods alive before and after. */
  readonly alive: number;
  /** Operations that are timed, half of them assignments. */
  readonly operations: number;
}

export const CHURN_100: ChurnWorkload = {
  name: "churn-100",
  nodes: 100,
  pool: "10.0.0.0/16",
  blockSize: 26,
  alive: 3000,
  operations: 30_000,
};

export const CHURN_1000: ChurnWorkload = {
  name: "churn-1000",
  nodes: 1000,
  pool: "10.0.0.0/14",
  blockSize: 26,
  alive: 30_000,
  operations: 60_000,
};

export interface ChurnOutcome {
  readonly elapsedMs: number;
  readonly calls: number;
  readonly blocks: number;
  readonly failed: number;
  /** Hash of every block's addresses at the end: a changed result is not a faster one. */
  readonly resultHash: string;
}

/** Fills a cluster and runs the workload on it; only the churn is timed. */
export function runChurn(workload: ChurnWorkload, nowMs: () => number): ChurnOutcome {
  const release = findProfile("v3.28.4")!.behaviours;
  const datastore = new MemoryDatastore({ existsShowsInner: false, affinityKeyShowsType: false });
  const { pool, blockSize, nodes, alive, operations } = workload;
  datastore.setPool(makePool({ name: "pool", cidr: Cidr.of(pool), blockSize }));
  const hosts = Array.from({ length: nodes }, (_, i) => `node-${i}`);
  for (const name of hosts) datastore.setNode({ name, labels: {} });
  const counting = new CountingDatastore(datastore);
  const env: Environment = {
    release,
    machineName: "bench",
    nowNs: () => 1_000_000_000n,
    mapOrder: ascendingMapOrder,
    poolViews: new PoolViews(release),
  };
  const random = new RandomStreams("1").stream("churn");
  const live: string[] = [];
  let failed = 0;
  let nextPod = 0;
  const add = (): void => {
    const host = hosts[Math.floor(random() * nodes)]!;
    const pod = `pod-${nextPod++}`;
    const args = plainAssignment({
      num4: 1,
      num6: 0,
      handle: pod,
      attributes: { node: host, pod },
      host,
    });
    if (autoAssign(counting, env, UNLIMITED, args).v4?.taken.length !== 1) failed++;
    live.push(pod);
  };
  const remove = (): void => {
    const index = Math.floor(random() * live.length);
    const pod = live[index]!;
    live[index] = live.at(-1)!;
    live.pop();
    releaseByHandle(counting, env, pod);
  };
  while (live.length < alive) add();
  counting.calls = 0;
  const startMs = nowMs();
  for (let done = 0; done < operations; done += 2) {
    add();
    remove();
  }
  const elapsedMs = nowMs() - startMs;
  const resultHash = hashOf(datastore);
  return { elapsedMs, calls: counting.calls, blocks: datastore.blockCount, failed, resultHash };
}

function hashOf(datastore: MemoryDatastore): string {
  const hash = createHash("sha256");
  for (const { value: block } of datastore.listBlocks()) {
    const first = formatAddress(block.cidr.base);
    hash.update(`${first} ${block.unallocated.toArray().join(",")}\n`);
  }
  return hash.digest("hex").slice(0, 16);
}
