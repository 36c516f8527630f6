import { type MemoryDialect, MemoryDatastore } from "../datastore/memory.js";
import { type FieldReader, UnreadableField } from "../formats/golden/field-reader.js";
import { type AffinityState, affinityText } from "../model/affinity.js";
import { makePool, type PoolUse } from "../model/pool.js";
import { ascendingMapOrder } from "../protocol/environment.js";
import { Ipam } from "../protocol/ipam.js";
import { PoolViews } from "../protocol/pool-views.js";
import type { Behaviours } from "../releases/behaviours.js";

/** Where the clock of a replay starts: 2025-01-01T00:00:00Z, in nanoseconds since 1970. */
const CLOCK_START_NS = 1_735_689_600_000_000_000n;

/** Name of the machine that a missing host stands for. */
const MACHINE_NAME = "recorder";

/** A snapshot of IPAM state in the traces' form. */
export interface Snapshot {
  readonly blocks: Record<
    string,
    { affinity: string; allocations: Record<string, string>; unallocated: readonly number[] }
  >;
  readonly affinities: Record<string, string>;
  readonly handles: Record<string, Record<string, number>>;
}

function dialectOf(release: Behaviours): MemoryDialect {
  return {
    existsShowsInner: release.existsErrorShowsInner,
    affinityKeyShowsType: release.affinityTypes,
  };
}

/** The datastore, the clock and the library of one replayed trace. */
export class ReplayWorld {
  readonly dialect: MemoryDialect;
  readonly datastore: MemoryDatastore;
  readonly ipam: Ipam;
  #clockNs = CLOCK_START_NS;
  #clockReadings = 0n;

  constructor(release: Behaviours) {
    this.dialect = dialectOf(release);
    this.datastore = new MemoryDatastore(this.dialect);
    this.ipam = new Ipam({
      release,
      machineName: MACHINE_NAME,
      // Every reading differs, as on a real machine, so that sequence numbers do.
      nowNs: () => this.#clockNs + this.#clockReadings++,
      mapOrder: ascendingMapOrder,
      poolViews: new PoolViews(release),
    });
  }

  /** The clock in nanoseconds since 1970 as the trace moves it; reading it takes no time. */
  get clockNs(): bigint {
    return this.#clockNs;
  }

  /**
   * Performs a direct edit of datastore or clock. Throws `UnreadableField` for an edit that is not
   * known or lacks a field.
   */
  edit(op: FieldReader): void {
    const { datastore } = this;
    const name = op.text("op");
    switch (name) {
      case "setPool":
        this.setPool(op.child("pool"));
        return;
      case "deletePool":
        datastore.deletePool(op.text("name"));
        return;
      case "setNode":
        datastore.setNode({ name: op.text("name"), labels: op.textMap("labels") ?? {} });
        return;
      case "deleteNode":
        datastore.deleteNode(op.text("name"));
        return;
      case "setReservation":
        datastore.setReservation({ name: op.text("name"), cidrs: op.texts("cidrs") });
        return;
      case "setAffinityObject":
        datastore.setAffinity({
          type: "host",
          host: op.text("host"),
          cidr: op.cidr("cidr"),
          state: op.text("name") as AffinityState,
        });
        return;
      case "advance":
        this.#clockNs += BigInt(Math.round(op.number("seconds") * 1e9));
        return;
      default:
        throw new UnreadableField(`op.op: "${name}" is not a known edit`);
    }
  }

  /** Creates or replaces a pool; throws `UnreadableField` when a field is missing. */
  setPool(pool: FieldReader | undefined): void {
    if (pool === undefined) throw new UnreadableField("op.pool: expected an object");
    this.datastore.setPool(
      makePool({
        name: pool.text("name"),
        cidr: pool.cidr("cidr"),
        blockSize: pool.number("blockSize"),
        nodeSelector: pool.text("nodeSelector"),
        disabled: pool.flag("disabled"),
        allowedUses: pool.texts("allowedUses") as PoolUse[],
      }),
    );
  }

  snapshot(): Snapshot {
    const snapshot: Snapshot = { blocks: {}, affinities: {}, handles: {} };
    for (const { value: block } of this.datastore.listBlocks()) {
      const allocations: Record<string, string> = {};
      for (let ordinal = 0; ordinal < block.size; ordinal++) {
        const attribute = block.attributeOf(ordinal);
        if (attribute !== undefined) allocations[ordinal] = attribute.handle ?? "";
      }
      snapshot.blocks[block.cidr.text] = {
        affinity: block.affinity === null ? "" : affinityText(block.affinity),
        allocations,
        unallocated: block.unallocated.toArray(),
      };
    }
    for (const { value } of this.datastore.listAffinities()) {
      snapshot.affinities[`${value.host} ${value.cidr.text}`] = value.state;
    }
    for (const { value } of this.datastore.listHandles()) {
      const blocks = value.blocks.map(({ cidr, count }) => [cidr.text, count] as const);
      snapshot.handles[value.id] = Object.fromEntries(blocks);
    }
    return snapshot;
  }
}
