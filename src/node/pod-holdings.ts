import type { MemoryDatastore } from "../datastore/memory.js";
import { InvariantViolation } from "../failure/failure.js";
import { formatAddress } from "../model/address.js";
import type { AddressUse } from "../simulation/address-use.js";
import { tornText } from "../simulation/torn-text.js";
import type { CniAddress } from "./cni-request.js";
import type { KubeletPod } from "./kubelet-pod.js";

/** The addresses of the pods whose network is there. */
export class PodHoldings {
  #podCount = 0;
  #borrowed = 0;
  #contradiction: string | null = null;

  constructor(
    private readonly datastore: MemoryDatastore,
    private readonly use: AddressUse,
  ) {}

  /** Pods that hold addresses. */
  get podCount(): number {
    return this.#podCount;
  }

  get addressCount(): number {
    return this.use.count;
  }

  /** Addresses from blocks of other nodes. */
  get borrowed(): number {
    return this.#borrowed;
  }

  /** What the state that the run began with has that cannot be, or null. */
  get contradiction(): string | null {
    return this.#contradiction;
  }

  /** Addresses given to a pod while another held them. */
  get duplicates(): number {
    return this.use.duplicates;
  }

  /** From now on nothing is checked, and addresses that are given out twice are counted. */
  beginFromTorn(blocks: readonly string[]): void {
    this.use.countDuplicates();
    this.#contradiction = tornText(blocks);
  }

  /**
   * A pod has got its network.
   *
   * @returns how many of the addresses are borrowed.
   */
  add(worker: KubeletPod, addresses: readonly CniAddress[], nowUs: number): number {
    const { name } = worker.pod;
    for (const { address } of addresses) this.use.assign(address, name, nowUs);
    return this.#set(worker, addresses);
  }

  /** A pod had its network before the run began. */
  adopt(worker: KubeletPod, addresses: readonly CniAddress[]): void {
    for (const { address } of addresses) this.use.take(address, worker.pod.name);
    this.#set(worker, addresses);
  }

  #set(worker: KubeletPod, addresses: readonly CniAddress[]): number {
    const owner = { type: "host" as const, host: worker.pod.node.name };
    let borrowed = 0;
    for (const { block } of addresses) {
      if (block !== null && this.datastore.block(block)?.isOwnedBy(owner) === false) borrowed++;
    }
    if (worker.holding === null) this.#podCount++;
    worker.holding = { addresses, borrowed };
    worker.shown = null;
    this.#borrowed += borrowed;
    return borrowed;
  }

  /** @returns whether the pod held anything. */
  delete(worker: KubeletPod, nowUs: number): boolean {
    const { holding } = worker;
    if (holding === null) return false;
    worker.holding = null;
    worker.shown = null;
    this.#podCount--;
    this.#borrowed -= holding.borrowed;
    for (const { address } of holding.addresses) this.use.release(address, nowUs);
    return true;
  }

  /** Checks that the blocks allocate to each of these pods what it holds. */
  check(workers: Iterable<KubeletPod>): void {
    for (const worker of workers) {
      // What the initial state says of its pods is not the model's doing.
      if (worker.attempts === 0 || worker.holding === null) continue;
      for (const { address, block: cidr } of worker.holding.addresses) {
        if (cidr === null) continue;
        const block = this.datastore.block(cidr);
        const holder = block?.attributeOf(block.ordinalOf(address))?.handle;
        if (holder === worker.handle) continue;
        const detail =
          `${formatAddress(address)} of pod ${worker.pod.name} is allocated to ` +
          (holder ?? "nobody");
        throw new InvariantViolation("a pod's address is allocated to it", detail);
      }
    }
  }
}
