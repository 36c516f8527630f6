import { plainAssignment } from "../../src/protocol/plain-assignment.js";
import { describe, expect, it } from "vitest";
import { TimedWorld } from "../../src/conformance/timed-world.js";
import {
  ASSUMED_SCAN_COST,
  ASSUMED_WATCH_LATENCY_US,
} from "../../src/controllers/collector-process.js";
import { GarbageCollection } from "../../src/controllers/garbage-collection.js";
import { formatAddress } from "../../src/model/address.js";
import { Cidr } from "../../src/model/cidr.js";
import type { PodLookup } from "../../src/model/pod.js";
import { makePool } from "../../src/model/pool.js";
import { UNLIMITED } from "../../src/protocol/environment.js";
import { runToEnd } from "../../src/protocol/run.js";
import { findProfile } from "../../src/releases/profiles.js";
import { seededNumbers } from "./loop-stage.js";
import { runningPod } from "./collector-stage.js";

const SECOND = 1_000_000;
const GRACE = 60;

interface Release {
  readonly address: string;
  readonly atSeconds: number;
}

/** A cluster whose network is in the hands of the test: it gives and leaks addresses at once. */
class FakeNetwork {
  readonly world: TimedWorld;
  readonly collection: GarbageCollection;
  readonly pods = new Map<string, PodLookup>();
  readonly released: Release[] = [];
  readonly #nodes = new Set<string>();

  constructor(release: string, graceSeconds = GRACE, seed = 1) {
    const { behaviours } = findProfile(release)!;
    this.world = new TimedWorld(behaviours, 1000);
    const { datastore, ipam, kernel } = this.world;
    datastore.setPool(makePool({ name: "pool", cidr: Cidr.of("10.0.0.0/16") }));
    const lookUpPod = (key: string): PodLookup => this.pods.get(key) ?? "notFound";
    this.collection = new GarbageCollection({
      surroundings: { ...this.world.surroundings, lookUpPod },
      ipam,
      datastore,
      cluster: {
        hasNode: (name) => this.#nodes.has(name),
        isMigratingFromFlannel: () => false,
        cachedPod: lookUpPod,
      },
      graceSeconds,
      random: seededNumbers(seed),
      watchLatencyUs: ASSUMED_WATCH_LATENCY_US,
      scanCost: ASSUMED_SCAN_COST,
      onReleased: ({ address }) =>
        this.released.push({ address, atSeconds: kernel.nowUs / SECOND }),
    });
    this.addNode("n1");
  }

  addNode(name: string): void {
    this.#nodes.add(name);
    this.world.datastore.setNode({ name, labels: {} });
  }

  deleteNode(name: string): void {
    this.#nodes.delete(name);
    this.world.datastore.deleteNode(name);
  }

  /** A pod with its address. */
  addPod(name: string, node = "n1"): void {
    const address = this.#assign(name, node);
    this.pods.set(`x/${name}`, runningPod(node, [address]));
    this.collection.podChanged(`x/${name}`);
  }

  /** The pod goes and leaves its address behind. */
  losePod(name: string, node = "n1"): void {
    this.pods.delete(`x/${name}`);
    this.collection.podDeleted(`x/${name}`, node);
  }

  leak(count: number, node = "n1"): void {
    for (let i = 0; i < count; i++) this.#assign(`lost-${i}`, node);
  }

  runTo(seconds: number): void {
    this.world.kernel.run(seconds * SECOND);
  }

  #assign(pod: string, node: string): string {
    const steps = this.world.ipam.autoAssign(
      UNLIMITED,
      plainAssignment({
        num4: 1,
        num6: 0,
        handle: `k8s-pod-network.${pod}`,
        attributes: { namespace: "x", node, pod },
        host: node,
      }),
    );
    const { block, ordinals } = runToEnd(steps, this.world.datastore).v4!.taken[0]!;
    return formatAddress(block.addressAt(ordinals[0]!));
  }
}

const RELEASES = ["v3.27.5", "v3.28.4", "v3.29.7", "v3.30.0", "v3.31.0", "v3.31.6", "v3.32.1"];

describe.each(RELEASES)("garbage collection at %s", (release) => {
  it("releases a leak on a quiet living node after the grace period and at a tick of the timer", () => {
    const network = new FakeNetwork(release);
    network.collection.start();
    network.leak(1);
    network.runTo(200);
    expect(network.released).toHaveLength(1);
    const { atSeconds } = network.released[0]!;
    expect(atSeconds).toBeGreaterThan(GRACE);
    expect(atSeconds).toBeLessThan(1.5 * GRACE + 3);
    expect(network.world.datastore.handleCount).toBe(0);
    expect(network.collection.reclaimedCount).toBe(1);
    expect(network.collection.candidateCount).toBe(0);
  });

  it("leaves the addresses of living pods alone", () => {
    const network = new FakeNetwork(release);
    network.collection.start();
    network.addPod("a");
    network.runTo(10 * GRACE + 1);
    expect(network.released).toEqual([]);
    expect(network.collection.syncs.timer).toBe(20);
  });

  it("takes everything from a node that is gone, at once", () => {
    const network = new FakeNetwork(release);
    network.addNode("n2");
    network.collection.start();
    for (const name of ["a", "b"]) network.addPod(name, "n2");
    network.runTo(10);
    network.deleteNode("n2");
    for (const name of ["a", "b"]) network.losePod(name, "n2");
    network.runTo(20);
    expect(network.released).toHaveLength(2);
    network.runTo(60);
    expect(network.world.datastore.affinityCount).toBe(0);
  });

  it("does nothing while it is stopped, and starts anew without knowing how old leaks are", () => {
    const network = new FakeNetwork(release);
    network.collection.start();
    network.leak(1);
    network.runTo(GRACE - 5);
    network.collection.stop();
    network.runTo(4 * GRACE);
    expect(network.released).toEqual([]);
    network.collection.start();
    network.runTo(5 * GRACE);
    expect(network.released).toEqual([]);
    network.runTo(6 * GRACE);
    expect(network.released).toHaveLength(1);
    expect(network.collection.starts).toBe(2);
  });

  it("is the same again with the same seed", () => {
    const run = () => {
      const network = new FakeNetwork(release, GRACE, 7);
      network.collection.start();
      network.leak(40);
      network.runTo(300);
      const { syncs, candidates, reclaimed } = network.collection;
      return {
        released: network.released,
        syncs,
        series: [candidates.points(), reclaimed.points()],
      };
    };
    expect(run()).toEqual(run());
  });
});

describe("the limits of the collector's clients", () => {
  const secondsFor40 = (release: string): number => {
    const network = new FakeNetwork(release);
    network.collection.start();
    network.leak(40);
    network.runTo(600);
    expect(network.released).toHaveLength(40);
    const times = network.released.map(({ atSeconds }) => atSeconds);
    return times.at(-1)! - times[0]!;
  };

  it("slow it down at v3.28.4", () => {
    // 40 releases of 10 requests each, 8 of them of custom resources, at 5/s after a burst of 100.
    expect(secondsFor40("v3.28.4")).toBeGreaterThan(30);
  });

  it("do not from v3.31.0, which releases all with one call", () => {
    expect(secondsFor40("v3.31.0")).toBe(0);
  });
});

it("without grace period, collects no leaks of living nodes", () => {
  const network = new FakeNetwork("v3.28.4", 0);
  network.collection.start();
  network.leak(1);
  network.runTo(3600);
  expect(network.released).toEqual([]);
  expect(network.collection.candidateCount).toBe(1);
});

it("does not keep a simulation without time limit going", () => {
  const network = new FakeNetwork("v3.30.0");
  network.collection.start();
  network.addPod("a");
  expect(network.world.kernel.run(Infinity)).toBe(true);
  expect(network.world.kernel.nowUs).toBeLessThan(10 * SECOND);
});
