import { plainAssignment } from "../protocol/plain-assignment.js";
import type { CallRecord } from "../datastore/call-record.js";
import { MemoryDatastore } from "../datastore/memory.js";
import { InvariantViolation } from "../failure/failure.js";
import type { AddressNumber } from "../model/address.js";
import type { AffinityOwner } from "../model/affinity.js";
import type { Cidr } from "../model/cidr.js";
import { type IpamConfig, isDefaultConfig } from "../model/ipam-config.js";
import type { Node } from "../model/node.js";
import type { UsablePool } from "../model/pool.js";
import type { Reservation } from "../model/reservation.js";
import {
  type AutoAssignArguments,
  type AutoAssignResult,
  type FamilyAssignment,
  partialFulfilmentText,
  takenCount,
} from "../protocol/auto-assign.js";
import { autoAssign, releaseByHandle } from "../protocol/direct.js";
import { type Environment, UNLIMITED } from "../protocol/environment.js";
import { PoolViews } from "../protocol/pool-views.js";
import type { Behaviours } from "../releases/behaviours.js";
import { checkState } from "./checks/state-check.js";
import { AddressUse } from "./address-use.js";
import type { CallCounts } from "./call-counts.js";
import { ChurnMeasures } from "./churn-measures.js";
import { CountingDatastore } from "./counting-datastore.js";
import { latestClockNs } from "./latest-clock.js";
import { NodeLedger } from "./node-ledger.js";
import type { RandomStreams } from "./random-streams.js";
import { shuffled } from "./shuffled.js";
import { tornText } from "./torn-text.js";

/** The cluster before its first pod. */
export interface ChurnWorld {
  readonly release: Behaviours;
  readonly pools: readonly UsablePool[];
  readonly config: IpamConfig;
  readonly reservations: readonly Reservation[];
}

/** What is remembered of a pod that runs. */
interface LivePod {
  readonly nodeIndex: number;
  readonly handle: string;
  readonly addresses: readonly AddressNumber[];
  /** How many of its addresses are from blocks of another node. */
  readonly borrowed: number;
  /** For a pod of the initial state, by address, the block that it is in. */
  readonly blocks?: readonly Cidr[];
}

/** A pod that holds addresses when the run begins. */
export interface InitialPod {
  readonly name: string;
  readonly nodeIndex: number;
  readonly handle: string;
  readonly addresses: readonly AddressNumber[];
  /** By address, the block that it is in. */
  readonly blocks: readonly Cidr[];
}

const SEQUENCE_START_NS = 1_000_000_000n;

/** Between two checks of the whole state lie at least this many operations. */
const CHECK_EVERY_OPERATIONS = 10_000;

/**
 * Pods that come and go on a cluster, one operation after the other with no time in between: what
 * Calico's allocator decides, without what happens around it on a node. Each addition is an
 * AutoAssign, each removal a ReleaseByHandle, with the same handle and attributes as the CNI plugin.
 * Invariants are checked in every run.
 */
export class ChurnRun {
  readonly datastore: MemoryDatastore;
  readonly counting: CountingDatastore;
  readonly measures = new ChurnMeasures();
  readonly ledger = new NodeLedger();
  readonly #environment: Environment;
  /** By node, the release that it was changed to. */
  readonly #changedTo = new Map<number, Environment>();
  readonly #held: AddressUse;
  readonly #pods = new Map<string, LivePod>();
  /** How often pods of a name have vanished: a later one has another sandbox, so another handle. */
  readonly #vanished = new Map<string, number>();
  readonly #wants: { readonly num4: number; readonly num6: number };
  #timeUs = 0;
  #operations = 0;
  #nextCheck = CHECK_EVERY_OPERATIONS;
  #borrowedNow = 0;
  /** Reading of the clock at the beginning of the run, which sequence numbers are made of. */
  #startNs = SEQUENCE_START_NS;
  #contradiction: string | null = null;

  /** @param record takes note of every call and every address given out. */
  constructor(world: ChurnWorld, random: RandomStreams, record?: CallRecord) {
    const { release } = world;
    this.datastore = new MemoryDatastore({
      existsShowsInner: release.existsErrorShowsInner,
      affinityKeyShowsType: release.affinityTypes,
    });
    for (const pool of world.pools) this.datastore.setPool(pool);
    for (const reservation of world.reservations) this.datastore.setReservation(reservation);
    // A cluster on the defaults has no configuration object until the first allocation makes it.
    if (!isDefaultConfig(world.config)) this.datastore.setConfig(world.config);
    this.counting = new CountingDatastore(this.datastore, record);
    this.#held = new AddressUse(this.measures.reuse, record);
    const mapOrder = random.stream("map-order");
    this.#environment = {
      release,
      machineName: "ipamlab",
      nowNs: () => this.#startNs + BigInt(this.#timeUs) * 1000n,
      mapOrder: (items) => shuffled(items, mapOrder),
      poolViews: new PoolViews(release),
    };
    const has = (version: 4 | 6) => world.pools.some((pool) => pool.cidr.version === version);
    this.#wants = { num4: has(4) ? 1 : 0, num6: has(6) ? 1 : 0 };
  }

  get counts(): CallCounts {
    return this.counting.counts;
  }

  /** Operations performed so far. */
  get operations(): number {
    return this.#operations;
  }

  /** Addresses held now. */
  get addressesInUse(): number {
    return this.#held.count;
  }

  get borrowedInUse(): number {
    return this.#borrowedNow;
  }

  /** A node registers. Its index is one above that of the last one. */
  nodeJoined(node: Node): void {
    this.ledger.join(node);
    this.datastore.setNode(node);
  }

  /** From now on the node works as this release does. */
  setRelease(nodeIndex: number, release: Behaviours): void {
    const environment = { ...this.#environment, release, poolViews: new PoolViews(release) };
    this.#changedTo.set(nodeIndex, environment);
  }

  #environmentOf(nodeIndex: number): Environment {
    if (this.#changedTo.size === 0) return this.#environment;
    return this.#changedTo.get(nodeIndex) ?? this.#environment;
  }

  /** The node object is removed. What the node held in IPAM stays: nothing here collects garbage. */
  nodeDeleted(name: string): void {
    this.datastore.deleteNode(name);
  }

  /**
   * Takes over what the datastore was loaded with before the first operation; pods follow by
   * `adopt`. Sequence numbers go on from those that are there.
   *
   * @param otherAddresses allocated to nobody who is a pod: they stay.
   */
  takeOver(otherAddresses: readonly AddressNumber[]): void {
    for (const address of otherAddresses) this.#held.take(address, "the initial state");
    this.#startNs = latestClockNs(this.datastore, this.#startNs);
  }

  /** A pod that runs already. */
  adopt({ name, nodeIndex, handle, addresses, blocks }: InitialPod): void {
    const owner: AffinityOwner = { type: "host", host: this.ledger.nameOf(nodeIndex) };
    for (const address of addresses) this.#held.take(address, name);
    const borrowed = blocks.filter((block) => {
      return this.datastore.block(block)?.isOwnedBy(owner) !== true;
    }).length;
    this.#pods.set(name, { nodeIndex, handle, addresses, borrowed, blocks });
    this.#borrowedNow += borrowed;
    this.ledger.podCame(nodeIndex);
  }

  /**
   * Looks at the state that was taken over. A real cluster may contradict itself; what it began with
   * is not held against the model, so a run from there is not checked any more.
   *
   * @param torn blocks that overlap or contradict themselves: their addresses may be given out twice,
   *   which is then counted.
   */
  beginFromInitialState(torn: ReadonlySet<string>): void {
    if (torn.size > 0) this.#held.countDuplicates();
    try {
      this.check();
    } catch (error) {
      if (!(error instanceof InvariantViolation)) throw error;
      this.#contradiction = `${error.invariant}: ${error.detail}`;
    }
    if (torn.size > 0) this.#contradiction ??= tornText([...torn]);
    this.#recordGauges();
  }

  /** What the initial state has that cannot be, or null. */
  get contradiction(): string | null {
    return this.#contradiction;
  }

  /** Addresses given to a pod while another held them: only from a state that contradicts itself. */
  get duplicates(): number {
    return this.#held.duplicates;
  }

  /** Addresses of all pods that run. */
  *podAddresses(): Generator<AddressNumber, void> {
    for (const { addresses } of this.#pods.values()) yield* addresses;
  }

  /** Addresses that a running pod holds. */
  addressesOf(pod: string): readonly AddressNumber[] {
    return this.#pods.get(pod)?.addresses ?? [];
  }

  /**
   * A pod asks for its addresses on a node.
   *
   * @returns undefined when it got all of them, else Calico's own text.
   */
  add(pod: string, nodeIndex: number, timeUs: number, namespace = "default"): string | undefined {
    this.#timeUs = timeUs;
    this.counting.calls = 0;
    const handle = this.#handleOf(pod);
    const asked = this.#arguments(pod, namespace, handle, this.ledger.nameOf(nodeIndex));
    const result = autoAssign(this.counting, this.#environmentOf(nodeIndex), UNLIMITED, asked);
    this.measures.assignCalls.record(this.counting.calls);
    const reason = failureReason(result);
    if (reason === undefined) this.measures.assigned++;
    else this.#fail(reason, pod, nodeIndex);
    const live = this.#keep(pod, handle, nodeIndex, result);
    this.#pods.set(pod, live);
    this.ledger.podCame(nodeIndex);
    this.#afterOperation();
    return reason;
  }

  /** A pod ends. Returns its node, or undefined when no such pod was added. */
  remove(pod: string, timeUs: number): number | undefined {
    const live = this.#pods.get(pod);
    if (live === undefined) return undefined;
    this.#timeUs = timeUs;
    this.counting.calls = 0;
    const error = releaseByHandle(this.counting, this.#environmentOf(live.nodeIndex), live.handle);
    this.measures.releaseCalls.record(this.counting.calls);
    if (live.blocks !== undefined) {
      this.#releaseInitial(live, live.blocks);
    } else if (error === undefined) {
      this.measures.released++;
      for (const address of live.addresses) this.#held.release(address, timeUs);
      this.#borrowedNow -= live.borrowed;
    } else if (error.kind === "notFound" && live.addresses.length === 0) {
      this.measures.releasedNothing++;
    } else {
      const detail = `releasing ${pod} without faults gave: ${error.text}`;
      throw new InvariantViolation("a release without faults succeeds", detail);
    }
    this.#pods.delete(pod);
    this.ledger.podWent(live.nodeIndex);
    this.#afterOperation();
    return live.nodeIndex;
  }

  /** A real cluster's handle may lead to less than the pod holds: the rest is lost. */
  #releaseInitial(live: LivePod, blocks: readonly Cidr[]): void {
    let lost = 0;
    for (const [i, address] of live.addresses.entries()) {
      const cidr = blocks[i]!;
      const isStillAllocated =
        this.datastore.block(cidr)?.isAllocated(cidr.ordinalOf(address)) === true;
      if (isStillAllocated) lost++;
      else this.#held.give(address);
    }
    this.measures.released++;
    this.measures.leakedAddresses += lost;
    this.#borrowedNow -= live.borrowed;
  }

  /** A pod vanishes without CNI DEL: its addresses stay assigned. */
  drop(pod: string): void {
    const live = this.#pods.get(pod);
    if (live === undefined) return;
    this.measures.leakedAddresses += live.addresses.length;
    this.#pods.delete(pod);
    this.#vanished.set(pod, (this.#vanished.get(pod) ?? 0) + 1);
    this.ledger.podWent(live.nodeIndex);
  }

  /** All pods of a node vanish without CNI DEL. */
  dropAllOf(nodeIndex: number): void {
    for (const [pod, live] of this.#pods) if (live.nodeIndex === nodeIndex) this.drop(pod);
  }

  #handleOf(pod: string): string {
    const times = this.#vanished.size === 0 ? undefined : this.#vanished.get(pod);
    return times === undefined ? handleOf(pod) : `${handleOf(pod)}.${times}`;
  }

  /** Checks the whole state; to be called at the end as well. */
  check(): void {
    if (this.#contradiction !== null) return;
    checkState(this.datastore);
    let allocated = 0;
    for (const { value: block } of this.datastore.listBlocks()) allocated += block.allocatedCount;
    if (allocated !== this.#held.count) {
      const detail = `blocks hold ${allocated} addresses, pods hold or have left ${this.#held.count}`;
      throw new InvariantViolation("every allocated address belongs to a pod", detail);
    }
  }

  #arguments(pod: string, namespace: string, handle: string, node: string): AutoAssignArguments {
    return plainAssignment({
      num4: this.#wants.num4,
      num6: this.#wants.num6,
      handle,
      attributes: { namespace, node, pod },
      host: node,
    });
  }

  #fail(reason: string, pod: string, nodeIndex: number): void {
    this.measures.assignFailed++;
    this.ledger.needyNodes.add(nodeIndex);
    this.measures.noteFailure(reason, this.#timeUs, pod, this.ledger.nameOf(nodeIndex));
  }

  #keep(pod: string, handle: string, nodeIndex: number, result: AutoAssignResult): LivePod {
    const owner: AffinityOwner = { type: "host", host: this.ledger.nameOf(nodeIndex) };
    const addresses: AddressNumber[] = [];
    let borrowed = 0;
    for (const family of [result.v4, result.v6]) {
      if (family === null) continue;
      for (const { block, ordinals } of family.taken) {
        const isBorrowed = this.datastore.block(block)?.isOwnedBy(owner) !== true;
        for (const ordinal of ordinals) {
          const address = block.addressAt(ordinal);
          this.#held.assign(address, pod, this.#timeUs);
          addresses.push(address);
          if (isBorrowed) borrowed++;
        }
      }
    }
    this.#borrowedNow += borrowed;
    this.measures.borrowedEver += borrowed;
    return { nodeIndex, handle, addresses, borrowed };
  }

  #recordGauges(): void {
    const { measures } = this;
    const blocks = this.datastore.blockCount;
    measures.noteState(this.#timeUs, this.#held.count, blocks, this.#borrowedNow);
  }

  #afterOperation(): void {
    this.#recordGauges();
    this.#operations++;
    if (this.#operations >= this.#nextCheck) {
      this.check();
      // A check costs as much as there are addresses in blocks: its share stays small and constant.
      const cost = Math.max(CHECK_EVERY_OPERATIONS, 256 * this.datastore.blockCount);
      this.#nextCheck = this.#operations + cost;
    }
  }
}

/** Handle that the CNI plugin would use; a simulated pod has one sandbox, named after it. */
export function handleOf(pod: string): string {
  return `k8s-pod-network.${pod}`;
}

/** Calico's text when addresses are missing; undefined when none is. */
export function failureReason(result: AutoAssignResult): string | undefined {
  if (result.error !== null) return result.error.text;
  for (const family of [result.v4, result.v6] satisfies (FamilyAssignment | null)[]) {
    if (family !== null && takenCount(family) < family.wanted) return partialFulfilmentText(family);
  }
  return undefined;
}
