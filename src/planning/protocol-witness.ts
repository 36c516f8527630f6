import { type ApiRequest, KubernetesRequests } from "../datastore/kubernetes-requests.js";
import { MemoryDatastore } from "../datastore/memory.js";
import { InvariantViolation } from "../failure/failure.js";
import { isDefaultConfig } from "../model/ipam-config.js";
import type { Node } from "../model/node.js";
import type { PoolUse } from "../model/pool.js";
import type { AutoAssignResult } from "../protocol/auto-assign.js";
import { UNLIMITED } from "../protocol/environment.js";
import { Ipam } from "../protocol/ipam.js";
import { runToEnd } from "../protocol/run.js";
import { failureReason } from "../simulation/churn-run.js";
import { CountedAllocator, type CountedWorld } from "./counted-allocator.js";
import type { Lease } from "./counted-pool.js";
import type { WitnessedCost } from "./run-outcome.js";

/**
 * The counted allocator with Calico's whole protocol beside it, on a Kubernetes datastore in memory:
 * each decision is made by both, and the first difference ends the run. It also tells what the protocol
 * costs in API requests, which counts alone cannot.
 */
export class ProtocolWitness extends CountedAllocator {
  /** What was compared, and the requests to the Kubernetes API server, so far. */
  readonly cost = {
    compared: 0,
    assignments: 0,
    assignRequests: 0,
    releases: 0,
    releaseRequests: 0,
  } satisfies WitnessedCost;
  readonly #datastore: KubernetesRequests;
  readonly #requests: ApiRequest[] = [];
  readonly #ipam: Ipam;
  readonly #nodes: Node[] = [];
  readonly #memory: MemoryDatastore;
  readonly #handles = new Map<Lease, string>();
  readonly #wants: { readonly num4: number; readonly num6: number };
  #witnessedUs = 0;

  constructor(world: CountedWorld) {
    super(world);
    const { release } = world;
    const dialect = { existsShowsInner: release.existsErrorShowsInner };
    this.#memory = new MemoryDatastore({ ...dialect, affinityKeyShowsType: release.affinityTypes });
    for (const pool of world.pools) this.#memory.setPool(pool);
    for (const reservation of world.reservations) this.#memory.setReservation(reservation);
    if (!isDefaultConfig(world.config)) this.#memory.setConfig(world.config);
    const lookup = release.kubernetesAffinityLookup;
    this.#datastore = new KubernetesRequests(this.#memory, dialect, lookup, this.#requests);
    this.#ipam = new Ipam({
      release,
      machineName: "ipamlab",
      nowNs: () => 1_000_000_000n + BigInt(this.#witnessedUs) * 1000n,
      // A handle of the witness is in one block a version, so the order changes nothing.
      mapOrder: (items) => items,
      poolViews: world.poolViews,
    });
    const has = (version: 4 | 6) => world.pools.some((pool) => pool.cidr?.version === version);
    this.#wants = { num4: has(4) ? 1 : 0, num6: has(6) ? 1 : 0 };
  }

  override joinNode(node: Node): number {
    this.#nodes.push(node);
    this.#memory.setNode(node);
    return super.joinNode(node);
  }

  override assign(nodeIndex: number, nowUs: number, use: PoolUse = "Workload"): Lease {
    // An object of its own, for each lease has a handle here.
    const lease = { ...super.assign(nodeIndex, nowUs, use) };
    this.#witnessedUs = nowUs;
    const handle = `witness.${this.cost.assignments}`;
    const host = this.#nodes[nodeIndex]!.name;
    const result = runToEnd(
      this.#ipam.autoAssign(UNLIMITED, {
        ...this.#wants,
        handle,
        attributes: { node: host },
        host,
        pools4: [],
        pools6: [],
        maxBlocksPerHost: 0,
        reserved4: null,
        reserved6: null,
        use,
        namespaceLabels: {},
      }),
      this.#datastore,
    );
    this.cost.assignments++;
    this.cost.assignRequests += this.#takeRequests();
    this.#compare(
      describe(result),
      lease.blocks.map(({ cidr }) => cidr.text),
      `blocks of assignment ${this.cost.assignments} on ${host}`,
    );
    this.#compare([failureReason(result)], [lease.failure?.text], `failure on ${host}`);
    if (lease.blocks.length > 0) this.#handles.set(lease, handle);
    return lease;
  }

  override release(lease: Lease): void {
    super.release(lease);
    const handle = this.#handles.get(lease);
    if (handle === undefined) return;
    this.#handles.delete(lease);
    const error = runToEnd(this.#ipam.releaseByHandle(handle), this.#datastore);
    this.cost.releases++;
    this.cost.releaseRequests += this.#takeRequests();
    this.#compare([error?.text], [undefined], `release of ${handle}`);
    this.#compare([this.#memory.blockCount], [this.blocks], "number of blocks");
  }

  /** Number of requests since the last call. */
  #takeRequests(): number {
    const { length } = this.#requests;
    this.#requests.length = 0;
    return length;
  }

  #compare(protocol: readonly unknown[], counted: readonly unknown[], what: string): void {
    this.cost.compared++;
    if (protocol.length === counted.length && protocol.every((value, i) => value === counted[i])) {
      return;
    }
    const detail = `${what}: protocol ${JSON.stringify(protocol)}, counts ${JSON.stringify(counted)}`;
    throw new InvariantViolation("the counted allocator decides as Calico's protocol", detail);
  }
}

function describe({ v4, v6 }: AutoAssignResult): string[] {
  return [v4, v6].flatMap((family) => family?.taken.map(({ block }) => block.text) ?? []);
}
