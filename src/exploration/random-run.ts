import type { Fault, FaultError } from "../datastore/fault-injector.js";
import type { Kind, Verb } from "../datastore/request.js";
import { formatAddress } from "../model/address.js";
import { Cidr } from "../model/cidr.js";
import type { Node } from "../model/node.js";
import { makePool, type PoolUse, type UsablePool } from "../model/pool.js";
import type { Cluster, ClusterEdit, ClusterPlan } from "./cluster.js";
import type { Deadline } from "./deadline.js";
import type { Draw } from "./draw.js";
import type { PlannedClient, Scheduler } from "./engine.js";
import type { Operation, OperationName } from "./operation.js";

/** Requests that operations make, and so those that can fail. */
const REQUESTS = [
  ["get", "node"],
  ["get", "config"],
  ["get", "block"],
  ["get", "affinity"],
  ["get", "handle"],
  ["list", "pool"],
  ["list", "reservation"],
  ["list", "block"],
  ["list", "affinity"],
  ["list", "handle"],
  ["create", "config"],
  ["create", "block"],
  ["create", "affinity"],
  ["create", "handle"],
  ["update", "block"],
  ["update", "affinity"],
  ["update", "handle"],
  ["delete", "block"],
  ["delete", "affinity"],
  ["delete", "handle"],
] as const satisfies readonly (readonly [Verb, Kind])[];

/** Every way in which a request can fail. */
export const FAULT_ERRORS = [
  "datastore",
  "notFound",
  "exists",
  "conflict",
  "timeout",
  "connectionLost",
] as const satisfies readonly FaultError[];

const OPERATIONS = [
  "autoAssign",
  "assignIp",
  "releaseIps",
  "releaseByHandle",
  "ipsByHandle",
  "claimAffinity",
  "releaseAffinity",
  "releaseBlockAffinity",
  "releaseHostAffinities",
  "releasePoolAffinities",
  "removeIpamHost",
  "ensureBlock",
] as const satisfies readonly OperationName[];

const HANDLES = ["pod-0", "pod-1", "pod-2", "pod-3"];

function drawPool(draw: Draw, number: number): UsablePool {
  const version = draw.chance(0.75) ? 4 : 6;
  const hostBits = draw.between(2, 4);
  const blockSize = (version === 4 ? 32 : 128) - hostBits;
  const prefix = blockSize - draw.pick([0, 1, 1, 2, 3]);
  const cidr = Cidr.of(version === 4 ? `10.${number}.0.0/${prefix}` : `fd00:${number}::/${prefix}`);
  const uses: PoolUse[] = ["Workload"];
  if (draw.chance(0.2)) uses.push("LoadBalancer");
  const pool = makePool({
    name: `pool-${number}`,
    cidr,
    blockSize,
    nodeSelector: draw.chance(0.25) ? "zone == 'a'" : "all()",
    disabled: draw.chance(0.1),
    allowedUses: uses,
  });
  return { ...pool, cidr };
}

function drawNode(draw: Draw, name: string): Node {
  return { name, labels: draw.chance(0.7) ? { zone: "a" } : {} };
}

/** Draws a small cluster: small blocks and few of them, so that operations meet. */
export function drawPlan(draw: Draw): ClusterPlan {
  const pools = Array.from({ length: draw.pick([1, 1, 2, 3]) }, (_, i) => drawPool(draw, i));
  const names = Array.from({ length: draw.pick([1, 2, 2, 3, 4]) }, (_, i) => `node-${i}`);
  const isStrict = draw.chance(0.4);
  const limit = isStrict && draw.chance(0.5) ? draw.between(1, 3) : 0;
  const config = { strictAffinity: isStrict, autoAllocateBlocks: true, maxBlocksPerHost: limit };
  const reserved = draw.chance(0.25) ? [drawReserved(draw, draw.pick(pools))] : [];
  const nodes = names.map((name) => drawNode(draw, name));
  return { pools, nodes, config: draw.chance(0.8) ? config : null, reserved };
}

function drawReserved(draw: Draw, pool: UsablePool): string {
  const address = pool.cidr.addressAt(draw.between(0, pool.cidr.size - 1));
  const bits = pool.cidr.version === 4 ? 32 : 128;
  return Cidr.containing(address, draw.chance(0.3) ? pool.blockSize : bits).text;
}

/** Draws what happens to a cluster, with some operations and some faults left out of the whole run. */
export class RandomRun {
  readonly #operations: readonly OperationName[];
  readonly #requests: readonly (readonly [Verb, Kind])[];
  readonly #errors: readonly FaultError[];
  readonly #faultChance: number;
  readonly #deadlineChance: number;
  readonly #deathChance: number;
  readonly #switchChance: number;
  readonly #maxClients: number;
  readonly roundCount: number;

  constructor(
    private readonly draw: Draw,
    private readonly cluster: Cluster,
    private readonly plan: ClusterPlan,
  ) {
    // Assigning is never left out: without it there is nothing to go wrong.
    this.#operations = ["autoAssign", ...draw.some(OPERATIONS, 0.6)];
    this.#requests = draw.some(REQUESTS, 0.5);
    this.#errors = draw.some(FAULT_ERRORS, 0.5);
    this.#faultChance = draw.pick([0, 0, 0.3, 0.7]);
    this.#deadlineChance = draw.pick([0, 0, 0.2]);
    this.#deathChance = draw.pick([0, 0, 0.1]);
    this.#switchChance = draw.pick([0.1, 0.4, 1]);
    this.#maxClients = draw.pick([1, 2, 3, 5]);
    this.roundCount = draw.between(3, 8);
  }

  drawEdits(): ClusterEdit[] {
    const { draw, plan } = this;
    if (draw.chance(0.1)) {
      return [{ edit: "setNode", node: drawNode(draw, draw.pick(plan.nodes).name) }];
    }
    if (draw.chance(0.1)) {
      return [{ edit: "setPool", pool: { ...draw.pick(plan.pools), disabled: draw.chance(0.5) } }];
    }
    return draw.chance(0.2) ? [{ edit: "advance", seconds: 61 }] : [];
  }

  drawClients(): PlannedClient[] {
    const count = this.draw.between(1, this.#maxClients);
    return Array.from({ length: count }, () => ({
      operation: this.#drawOperation(),
      faults: this.#drawFaults(),
      deadline: this.#drawDeadline(),
      diesAfter: this.draw.chance(this.#deathChance) ? this.draw.between(0, 25) : null,
    }));
  }

  /** Goes on with one client for a while, then with another. */
  scheduler(): Scheduler {
    let current = -1;
    return (steppable) => {
      if (!steppable.includes(current) || this.draw.chance(this.#switchChance)) {
        current = this.draw.pick(steppable);
      }
      return current;
    };
  }

  #drawFaults(): Fault[] {
    const { draw } = this;
    if (!draw.chance(this.#faultChance)) return [];
    return Array.from({ length: draw.between(1, 2) }, () => {
      const [verb, kind] = draw.pick(this.#requests);
      const error = draw.pick(this.#errors);
      return { verb, kind, nth: draw.pick([1, 1, 1, 2, 3]), error, afterEffect: draw.chance(0.5) };
    });
  }

  #drawDeadline(): Deadline | null {
    const { draw } = this;
    if (!draw.chance(this.#deadlineChance)) return null;
    return { afterCalls: draw.between(0, 25), lastTakesEffect: draw.chance(0.5) };
  }

  #drawHost(): string {
    return this.draw.pick(this.plan.nodes).name;
  }

  /** A block and a host, mostly ones that belong together, so that operations meet. */
  #drawClaim(): { cidr: string; host: string } {
    const { draw, cluster } = this;
    const affinities = cluster.datastore.listAffinities();
    if (affinities.length > 0 && draw.chance(0.7)) {
      const { value } = draw.pick(affinities);
      const host = draw.chance(0.8) ? value.host : this.#drawHost();
      return { cidr: value.cidr.text, host };
    }
    return { cidr: this.#drawBlock(), host: this.#drawHost() };
  }

  #drawBlock(): string {
    const pool = this.draw.pick(this.plan.pools);
    return Cidr.containing(this.#drawAddressOf(pool), pool.blockSize).text;
  }

  #drawAddressOf(pool: UsablePool) {
    return pool.cidr.addressAt(this.draw.between(0, pool.cidr.size - 1));
  }

  /** Mostly an assigned address, so that releases find something. */
  #drawAddress(): string {
    const { draw, cluster } = this;
    const blocks = cluster.datastore.listBlocks();
    if (blocks.length > 0 && draw.chance(0.8)) {
      const { value: block } = draw.pick(blocks);
      const ordinals = Array.from({ length: block.cidr.size }, (_, ordinal) => ordinal);
      const taken = ordinals.filter((ordinal) => block.attributeOf(ordinal) !== undefined);
      if (taken.length > 0) return formatAddress(block.cidr.addressAt(draw.pick(taken)));
    }
    return formatAddress(this.#drawAddressOf(draw.pick(this.plan.pools)));
  }

  #drawHandle(): string | null {
    return this.draw.chance(0.1) ? null : this.draw.pick(HANDLES);
  }

  #drawOperation(): Operation {
    const { draw } = this;
    const op = draw.pick(this.#operations);
    const mustBeEmpty = draw.chance(0.5);
    switch (op) {
      case "autoAssign":
        return this.#drawAutoAssign();
      case "assignIp":
        return {
          op,
          host: this.#drawHost(),
          address: this.#drawAddress(),
          handle: this.#drawHandle(),
        };
      case "releaseIps": {
        const addresses = Array.from({ length: draw.between(1, 4) }, () => this.#drawAddress());
        return { op, addresses, handle: draw.chance(0.2) ? draw.pick(HANDLES) : null };
      }
      case "releaseByHandle":
      case "ipsByHandle":
        return { op, handle: draw.pick(HANDLES) };
      case "claimAffinity":
        return { op, ...this.#drawClaim() };
      case "releaseAffinity":
        return { op, ...this.#drawClaim(), mustBeEmpty };
      case "releaseBlockAffinity":
        return { op, cidr: this.#drawClaim().cidr, mustBeEmpty };
      case "releaseHostAffinities":
        return { op, host: this.#drawHost(), mustBeEmpty };
      case "releasePoolAffinities":
        return { op, cidr: draw.pick(this.plan.pools).cidr.text };
      case "removeIpamHost":
        return { op, host: this.#drawHost() };
      case "ensureBlock":
        return { op, host: this.#drawHost(), num4: 1, num6: draw.between(0, 1) };
    }
  }

  #drawAutoAssign(): Operation {
    const { draw } = this;
    const isLoadBalancer = draw.chance(0.1);
    return {
      op: "autoAssign",
      host: isLoadBalancer ? "load-balancer" : this.#drawHost(),
      num4: draw.between(0, 3),
      num6: draw.chance(0.3) ? draw.between(1, 2) : 0,
      handle: this.#drawHandle(),
      use: isLoadBalancer ? "LoadBalancer" : "Workload",
      maxBlocksPerHost: draw.chance(0.1) ? 1 : 0,
    };
  }
}
