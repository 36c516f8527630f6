import { operationSteps } from "../../src/conformance/operation.js";
import { ReplayWorld } from "../../src/conformance/world.js";
import type { Datastore } from "../../src/datastore/datastore.js";
import { type Fault, type FaultError, FaultInjector } from "../../src/datastore/fault-injector.js";
import { Recorder } from "../../src/datastore/recorder.js";
import type { Kind, Verb } from "../../src/datastore/request.js";
import { FieldReader } from "../../src/formats/golden/field-reader.js";
import type { JsonObject } from "../../src/formats/golden/trace-line.js";
import { affinityText } from "../../src/model/affinity.js";
import type { Attribute } from "../../src/model/attribute.js";
import type { Block } from "../../src/model/block.js";
import { CalicoError } from "../../src/model/calico-error.js";
import { Cidr } from "../../src/model/cidr.js";
import { makePool, type PoolSpec } from "../../src/model/pool.js";
import type { Steps } from "../../src/protocol/environment.js";
import type { Ipam } from "../../src/protocol/ipam.js";
import { runToEnd } from "../../src/protocol/run.js";
import { findProfile } from "../../src/releases/profiles.js";

/** A pool by its cidr; the name is the cidr's text unless given. */
export type TrialPool = Omit<Partial<PoolSpec>, "cidr"> & { readonly cidr: string };

/** What one operation did: its calls as `verb object`, with the outcome unless it is ok, and its result. */
export interface Outcome<T> {
  readonly calls: readonly string[];
  readonly result: T;
}

/** How many calls start with these words. */
export function countOf(outcome: Outcome<unknown>, start: string): number {
  return outcome.calls.filter((call) => call.startsWith(start)).length;
}

/** Faults that let the first `times` calls of this verb and kind fail. */
export function fail(verb: Verb, kind: Kind, error: FaultError, times = 1, from = 1): Fault[] {
  return Array.from({ length: times }, (_, i) => ({
    verb,
    kind,
    nth: from + i,
    error,
    afterEffect: false,
  }));
}

/** A small cluster in memory on which operations run one after the other. */
export class Trial {
  readonly world: ReplayWorld;
  readonly ipam: Ipam;
  readonly datastore: ReplayWorld["datastore"];

  constructor(release = "v3.28.4") {
    const profile = findProfile(release);
    if (profile === undefined) throw new Error(`no profile ${release}`);
    this.world = new ReplayWorld(profile.behaviours);
    this.ipam = this.world.ipam;
    this.datastore = this.world.datastore;
  }

  /** A cluster with these pools, the nodes `n1` and `n2`, and the configuration already there. */
  static with(pools: readonly TrialPool[], release?: string): Trial {
    const trial = new Trial(release);
    for (const pool of pools) trial.pool(pool);
    trial.node("n1").node("n2").config({});
    return trial;
  }

  pool(pool: TrialPool): this {
    const cidr = Cidr.of(pool.cidr);
    this.datastore.setPool(makePool({ name: pool.cidr, ...pool, cidr }));
    return this;
  }

  node(name: string, labels: Record<string, string> = {}): this {
    this.datastore.setNode({ name, labels });
    return this;
  }

  config(config: { strictAffinity?: boolean; autoAllocateBlocks?: boolean }): this {
    this.datastore.setConfig({
      strictAffinity: false,
      autoAllocateBlocks: true,
      maxBlocksPerHost: 0,
      ...config,
    });
    return this;
  }

  advance(seconds: number): this {
    this.world.edit(new FieldReader({ op: "advance", seconds }));
    return this;
  }

  /** Runs an operation written as the recorded traces write it. */
  run(op: JsonObject, faults: readonly Fault[] = []): Outcome<JsonObject> {
    return this.perform(operationSteps(this.world, new FieldReader(op)), faults);
  }

  /** Runs the steps of an operation. */
  perform<T>(steps: Steps<T>, faults: readonly Fault[] = []): Outcome<T> {
    const { datastore, dialect } = this.world;
    const inner: Datastore =
      faults.length > 0 ? new FaultInjector(datastore, faults, dialect) : datastore;
    const recorder = new Recorder(inner);
    const result = runToEnd(steps, recorder);
    const calls = recorder.calls.map(([, verb, object, outcome]) =>
      outcome === "ok" ? `${verb} ${object.trim()}` : `${verb} ${object.trim()}: ${outcome}`,
    );
    return { calls, result };
  }

  /** AutoAssign of IPv4 addresses for a node, with whatever else is given. */
  assign(host: string, num4: number, more: JsonObject = {}, faults: readonly Fault[] = []) {
    return this.run({ op: "autoAssign", host, num4, ...more }, faults);
  }

  block(cidr: string): Block {
    const block = this.datastore.block(Cidr.of(cidr));
    if (block === undefined) throw new Error(`no block ${cidr}`);
    return block;
  }

  hasBlock(cidr: string): boolean {
    return this.datastore.block(Cidr.of(cidr)) !== undefined;
  }

  /** Text of a block's affinity, or null when nobody owns it. */
  ownerOf(cidr: string): string | null {
    const { affinity } = this.block(cidr);
    return affinity === null ? null : affinityText(affinity);
  }

  /** State of every affinity, by `host cidr`. */
  affinities(): Record<string, string> {
    return this.world.snapshot().affinities;
  }

  /** Counts of every handle, by id and block. */
  handles(): Record<string, Record<string, number>> {
    return this.world.snapshot().handles;
  }

  /** Ordinals that are allocated in a block, ascending. */
  allocated(cidr: string): number[] {
    const block = this.block(cidr);
    return Array.from({ length: block.size }, (_, i) => i).filter((i) => block.isAllocated(i));
  }

  /** A block's list of attributes, each as handle and secondary map. */
  attributes(cidr: string): [Attribute["handle"], Attribute["secondary"]][] {
    const { allocations } = this.block(cidr);
    return allocations.attributes().map(({ attribute }) => [attribute.handle, attribute.secondary]);
  }

  /** By ordinal, for the first ones: index into the list of attributes, or -1 when it is free. */
  indexes(cidr: string, count: number): number[] {
    const { allocations } = this.block(cidr);
    const numbers = allocations.attributes().map(({ number }) => number);
    return Array.from({ length: count }, (_, i) =>
      numbers.indexOf(allocations.attributeNumberAt(i)),
    );
  }
}

/** Text of an operation's error, or undefined when it had none. */
export function errorText(result: unknown): unknown {
  if (result instanceof CalicoError) return result.text;
  if (result === null || typeof result !== "object") return undefined;
  const { error } = result as { error?: unknown };
  return error instanceof CalicoError ? error.text : (error ?? undefined);
}

/** Ends with this text when too many conflicts followed each other. */
export const MAX_RETRIES = "Max retries hit - excessive concurrent IPAM requests";

/** What Windows nodes reserve in each of their blocks. */
export const WINDOWS_RESERVED = {
  startOfBlock: 3,
  endOfBlock: 1,
  handle: "windows-reserved-ipam-handle",
  note: "windows host rsvd",
} as const;
