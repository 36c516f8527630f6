import type { Datastore } from "../../src/datastore/datastore.js";
import { MemoryDatastore } from "../../src/datastore/memory.js";
import { Recorder } from "../../src/datastore/recorder.js";
import { formatAddress, parseAddress } from "../../src/model/address.js";
import { Cidr } from "../../src/model/cidr.js";
import type { Node, TunnelKind } from "../../src/model/node.js";
import { makePool, type PoolSpec } from "../../src/model/pool.js";
import { startNode } from "../../src/node/node-start.js";
import { ascendingMapOrder, UNLIMITED } from "../../src/protocol/environment.js";
import { Ipam } from "../../src/protocol/ipam.js";
import { PoolViews } from "../../src/protocol/pool-views.js";
import { runToEnd } from "../../src/protocol/run.js";
import { findProfile } from "../../src/releases/profiles.js";

/** The node `n1` of a small cluster, started as often as a test likes. */
export class NodeStage {
  readonly datastore = new MemoryDatastore({
    existsShowsInner: false,
    affinityKeyShowsType: false,
  });
  readonly ipam: Ipam;
  /** Calls of the last start, as `verb object`. */
  calls: string[] = [];
  /** Wraps the datastore that a start sees. */
  wrap: (datastore: Datastore) => Datastore = (datastore) => datastore;

  constructor(release: string, pools: readonly (Omit<PoolSpec, "cidr"> & { cidr: string })[]) {
    const { behaviours } = findProfile(release)!;
    this.ipam = new Ipam({
      release: behaviours,
      machineName: "n1",
      nowNs: () => 0n,
      mapOrder: ascendingMapOrder,
      poolViews: new PoolViews(behaviours),
    });
    for (const { cidr, ...pool } of pools) this.setPool(cidr, pool);
    this.datastore.setNode({ name: "n1", labels: {} });
  }

  setPool(cidr: string, pool: Omit<PoolSpec, "cidr">): void {
    this.datastore.setPool(makePool({ ...pool, cidr: Cidr.of(cidr) }));
  }

  get node(): Node {
    return this.datastore.listNodes()[0]!;
  }

  /** The node's tunnel addresses as texts. */
  get addresses(): Partial<Record<TunnelKind, string>> {
    return Object.fromEntries(
      Object.entries(this.node.tunnelAddresses ?? {}).map(([kind, address]) => [
        kind,
        formatAddress(address),
      ]),
    );
  }

  get handles(): string[] {
    return this.datastore.listHandles().map(({ value }) => value.id);
  }

  /** Writes to the node object that it has this address, whoever holds it. */
  pretend(kind: TunnelKind, address: string): void {
    this.datastore.setNode({
      ...this.node,
      tunnelAddresses: { ...this.node.tunnelAddresses, [kind]: parseAddress(address)! },
    });
  }

  assign(address: string, handle: string | null, attributes: Record<string, string> | null): void {
    const error = runToEnd(
      this.ipam.assignIp(UNLIMITED, {
        address: parseAddress(address)!,
        handle,
        attributes,
        host: "n1",
        hostReserved: null,
      }),
      this.datastore,
    );
    if (error !== undefined) throw new Error(error.text);
  }

  /** The error's text, or undefined. */
  start(windows = false): string | undefined {
    const recorder = new Recorder(this.wrap(this.datastore));
    const error = runToEnd(startNode(this.ipam, { ...UNLIMITED, windows }, "n1"), recorder);
    this.calls = recorder.calls.map(([, verb, object]) => `${verb} ${object}`);
    return error?.text;
  }
}
