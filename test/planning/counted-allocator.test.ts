import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Cidr } from "../../src/model/cidr.js";
import type { IpamConfig } from "../../src/model/ipam-config.js";
import type { Node } from "../../src/model/node.js";
import { makePool, type UsablePool } from "../../src/model/pool.js";
import { CountedAllocator } from "../../src/planning/counted-allocator.js";
import type { Lease } from "../../src/planning/counted-pool.js";
import { PoolViews } from "../../src/protocol/pool-views.js";
import { findProfile } from "../../src/releases/profiles.js";
import { ChurnRun } from "../../src/simulation/churn-run.js";
import { RandomStreams } from "../../src/simulation/random-streams.js";

interface PoolCase {
  readonly cidr: string;
  readonly blockBits: number;
  readonly selector: string;
  readonly disabled: boolean;
}

interface Case {
  readonly release: string;
  readonly pools: readonly PoolCase[];
  readonly config: IpamConfig;
  readonly reservations: readonly string[];
  readonly nodes: number;
  /** Up to 6500 a pod comes to a node; above, one of those there goes. */
  readonly draws: readonly number[];
}

const NETWORKS = ["10.0.0.0/27", "10.0.1.0/26", "10.0.2.0/28", "fd00::/122", "fd00:1::/60"];

const pool: fc.Arbitrary<PoolCase> = fc.record({
  cidr: fc.constantFrom(...NETWORKS),
  blockBits: fc.integer({ min: 0, max: 4 }),
  selector: fc.constantFrom("all()", "all()", "zone == 'a'", "zone == 'b'"),
  disabled: fc.constantFrom(false, false, false, true),
});

const config = fc
  .record({
    strictAffinity: fc.boolean(),
    autoAllocateBlocks: fc.constantFrom(true, true, true, false),
    maxBlocksPerHost: fc.constantFrom(0, 1, 2, 3),
  })
  .filter(({ strictAffinity, maxBlocksPerHost }) => strictAffinity || maxBlocksPerHost === 0);

const RESERVED = ["10.0.0.0/29", "10.0.0.3", "10.0.1.0/28", "10.0.2.0/30", "fd00::/126"];

const cases: fc.Arbitrary<Case> = fc.record({
  release: fc.constantFrom("v3.27.0", "v3.28.4", "v3.31.6", "v3.32.1"),
  pools: fc.uniqueArray(pool, { minLength: 1, maxLength: 3, selector: ({ cidr }) => cidr }),
  config,
  reservations: fc.uniqueArray(fc.constantFrom(...RESERVED), { maxLength: 2 }),
  nodes: fc.integer({ min: 1, max: 6 }),
  draws: fc.array(fc.integer({ min: 0, max: 9999 }), { minLength: 20, maxLength: 150 }),
});

function poolsOf({ pools }: Case): UsablePool[] {
  return pools.map(({ cidr: text, blockBits, selector, disabled }, i) => {
    const cidr = Cidr.of(text);
    const blockSize = (cidr.version === 4 ? 32 : 128) - blockBits;
    const spec = { name: `p${i}`, cidr, blockSize, nodeSelector: selector, disabled };
    return makePool(spec) as UsablePool;
  });
}

function nodesOf({ nodes }: Case): Node[] {
  return Array.from({ length: nodes }, (_, i) => {
    return { name: `node-${i}`, labels: { zone: i % 2 === 0 ? "a" : "b" } };
  });
}

/** What is seen after an operation: the failure, the sums, and every block. */
type Step = readonly (string | number | undefined)[];

interface Replayer {
  add(pod: string, node: number, timeUs: number): Step;
  remove(pod: string, timeUs: number): Step;
}

/** 10 s between two operations, so that blocks become old enough to be taken away. */
const STEP_US = 10_000_000;

function replay({ nodes, draws }: Case, replayer: Replayer): Step[] {
  const there: string[] = [];
  return draws.map((draw, i) => {
    const timeUs = i * STEP_US;
    if (draw < 6500 || there.length === 0) {
      there.push(`pod-${i}`);
      return replayer.add(`pod-${i}`, draw % nodes, timeUs);
    }
    return replayer.remove(there.splice(draw % there.length, 1)[0]!, timeUs);
  });
}

function byProtocol(given: Case): Step[] {
  const reservations = [{ name: "r", cidrs: given.reservations }];
  const release = findProfile(given.release)!.behaviours;
  const world = { release, pools: poolsOf(given), config: given.config, reservations };
  const run = new ChurnRun(world, new RandomStreams("1"));
  for (const node of nodesOf(given)) run.nodeJoined(node);
  const blocks = (): string =>
    run.datastore
      .listBlocks()
      .map(({ value }) => `${value.cidr.text} ${value.affinity!.host} ${value.allocatedCount}`)
      .sort()
      .join(", ");
  const counts = () => [run.addressesInUse, run.borrowedInUse, blocks()];
  return replay(given, {
    add: (pod, node, timeUs) => [run.add(pod, node, timeUs), ...counts()],
    remove(pod, timeUs) {
      run.remove(pod, timeUs);
      return counts();
    },
  });
}

function byCounts(given: Case): Step[] {
  const release = findProfile(given.release)!.behaviours;
  const allocator = new CountedAllocator({
    release,
    pools: poolsOf(given),
    config: given.config,
    reservations: [{ name: "r", cidrs: given.reservations }],
    poolViews: new PoolViews(release),
  });
  for (const node of nodesOf(given)) allocator.joinNode(node);
  const leases = new Map<string, Lease>();
  const blocks = (): string =>
    allocator
      .listBlocks()
      .map(({ cidr, owner, held }) => `${cidr.text} node-${owner} ${held}`)
      .sort()
      .join(", ");
  const counts = () => [allocator.addresses, allocator.borrowed, blocks()];
  return replay(given, {
    add(pod, node, timeUs) {
      const lease = allocator.assign(node, timeUs);
      leases.set(pod, lease);
      return [lease.failure?.text, ...counts()];
    },
    remove(pod) {
      allocator.release(leases.get(pod)!);
      return counts();
    },
  });
}

describe("the counted allocator", () => {
  it("decides as Calico's protocol does, block for block", () => {
    fc.assert(
      fc.property(cases, (given) => {
        expect(byCounts(given)).toEqual(byProtocol(given));
      }),
      { numRuns: 400, seed: 11 },
    );
  });
});
