import seedrandom from "seedrandom";
import { expect } from "vitest";
import { ReplayWorld } from "../../src/conformance/world.js";
import type { JsonObject } from "../../src/formats/golden/trace-line.js";
import { Cidr } from "../../src/model/cidr.js";
import type { IpamConfig } from "../../src/model/ipam-config.js";
import { DEFAULT_IPAM_CONFIG } from "../../src/model/ipam-config.js";
import { makePool, type UsablePool } from "../../src/model/pool.js";
import type { Reservation } from "../../src/model/reservation.js";
import { findProfile } from "../../src/releases/profiles.js";
import { type AllocatorKind, AllocatorReplay } from "./allocator-replay.js";
import { performOnModel } from "./model-replay.js";

const HANDLES = 200;
const OPERATIONS_BETWEEN_CHECKS = 500;

type Draw = (below: number) => number;

/** Worlds that differ in what can run out: addresses, blocks of the pool, blocks of a node. */
interface World {
  readonly pools: readonly (readonly [
    name: string,
    cidr: string,
    blockSize: number,
    selector?: string,
  ])[];
  readonly reservations: readonly Reservation[];
  readonly nodeCount: number;
}

export const WORLDS: Readonly<Record<string, World>> = {
  "one small pool": {
    pools: [["p", "10.0.0.0/25", 29]],
    reservations: [],
    nodeCount: 5,
  },
  "pools with selectors and reservations": {
    pools: [
      ["a", "10.1.0.0/26", 29, "zone == 'a'"],
      ["b", "10.2.0.0/25", 28],
      ["c", "10.0.0.0/27", 30, "zone == 'c'"],
    ],
    reservations: [{ name: "r", cidrs: ["10.2.0.0/28", "10.2.0.19/32", "10.1.0.6/31"] }],
    nodeCount: 6,
  },
  IPv6: {
    pools: [["six", "fd00::/118", 122]],
    reservations: [{ name: "r", cidrs: ["fd00::40/123"] }],
    nodeCount: 4,
  },
};

function randomOperation(draw: Draw, nodes: readonly string[], world: World): JsonObject {
  const host = nodes[draw(nodes.length)]!;
  const handle = `h${draw(HANDLES)}`;
  const [, cidr, blockSize] = world.pools[draw(world.pools.length)]!;
  const pool = Cidr.of(cidr);
  const blockCidr = () => Cidr.containing(pool.addressAt(draw(pool.size)), blockSize).text;
  const isSix = pool.version === 6;
  const kind = draw(100);
  if (kind < 45) {
    const wanted = draw(10) === 0 ? 1 + draw(20) : 1;
    return {
      op: "autoAssign",
      host,
      ...(draw(20) > 0 && { handle }),
      ...(isSix ? { num6: wanted } : { num4: wanted }),
      ...(draw(10) === 0 && { maxBlocksPerHost: 1 + draw(4) }),
    };
  }
  if (kind < 80) return { op: "releaseByHandle", handle };
  if (kind < 90) {
    const address = Cidr.containing(pool.addressAt(draw(pool.size)), isSix ? 128 : 32);
    return {
      op: "releaseIPs",
      ips: [{ address: address.text.split("/")[0]!, ...(draw(4) === 0 && { handle }) }],
    };
  }
  if (kind < 93) return { op: "claimAffinity", cidr: blockCidr(), host };
  if (kind < 96) {
    return { op: "releaseAffinity", cidr: blockCidr(), host, mustBeEmpty: draw(2) === 0 };
  }
  if (kind < 97) return { op: "releaseHostAffinities", host, mustBeEmpty: draw(2) === 0 };
  if (kind < 98) return { op: "releaseBlockAffinity", cidr: blockCidr(), mustBeEmpty: true };
  return {
    op: "setIPAMConfig",
    config: {
      strictAffinity: draw(3) === 0,
      autoAllocateBlocks: draw(6) > 0,
      maxBlocksPerHost: draw(3) === 0 ? 1 + draw(5) : 0,
    },
  };
}

/**
 * Performs random operations on the protocol model and on an allocator, and compares every answer
 * and, now and then, everything that is stored.
 *
 * @returns how often each operation was compared.
 */
export function compareRandomly(
  kind: AllocatorKind,
  worldName: string,
  count: number,
  seed: string,
): Record<string, number> {
  const world = WORLDS[worldName]!;
  const random = seedrandom.alea(seed);
  const draw: Draw = (below) => Math.floor(random() * below);
  const model = new ReplayWorld(findProfile("v3.28.4")!.behaviours);
  const nodes = Array.from({ length: world.nodeCount }, (_, i) => ({
    name: `node-${i}`,
    labels: { zone: "abc"[i % 3]! },
  }));
  const pools = world.pools.map(([name, cidr, blockSize, nodeSelector = ""]) =>
    makePool({ name, cidr: Cidr.of(cidr), blockSize, nodeSelector }),
  );
  for (const pool of pools) model.datastore.setPool(pool);
  for (const node of nodes) model.datastore.setNode(node);
  for (const reservation of world.reservations) model.datastore.setReservation(reservation);
  const allocators = new AllocatorReplay(kind, {
    pools: pools as readonly UsablePool[],
    nodes,
    reservations: world.reservations,
    config: DEFAULT_IPAM_CONFIG,
    handles: Array.from({ length: HANDLES }, (_, i) => `h${i}`),
  });
  const names = nodes.map(({ name }) => name);
  const compared: Record<string, number> = {};
  for (let i = 0; i < count; i++) {
    const op = randomOperation(draw, names, world);
    const name = op["op"] as string;
    const result = performOnModel(model, op);
    if (name === "setIPAMConfig") {
      const { config } = performOnModel(model, { op: "getIPAMConfig" });
      allocators.configure(config as unknown as IpamConfig);
    } else {
      const place = { seed, operation: i, op };
      expect({ ...place, result: allocators.run(op) }).toEqual({ ...place, result });
    }
    compared[name] = (compared[name] ?? 0) + 1;
    if ((i + 1) % OPERATIONS_BETWEEN_CHECKS === 0) {
      expect(allocators.snapshot()).toEqual(allocators.withoutReserved(model.snapshot()));
      allocators.check();
    }
  }
  return compared;
}
