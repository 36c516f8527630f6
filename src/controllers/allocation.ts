import type { Attribute } from "../model/attribute.js";
import { WINDOWS_RESERVED_HANDLE } from "../model/block.js";
import { podKey } from "../model/pod.js";
import type { ReleaseOption } from "../protocol/release-ips.js";

/** Values of the attribute `type` that mark a node's own tunnel addresses. */
const TUNNEL_TYPES: ReadonlySet<string | undefined> = new Set([
  "ipipTunnelAddress",
  "vxlanTunnelAddress",
  "vxlanV6TunnelAddress",
  "wireguardTunnelAddress",
  "wireguardV6TunnelAddress",
]);

/** What an allocation says that it is for; `unknown` is never collected. */
export type AllocationPurpose = "pod" | "tunnel" | "windowsReserved" | "unknown";

/** Where a node's allocations are kept. */
export interface AllocationHolder {
  readonly node: string;
  readonly all: readonly Allocation[];
  remove(allocation: Allocation): void;
  settle(allocation: Allocation): void;
  unsettle(allocation: Allocation): void;
}

/**
 * An allocated address as the collector first saw it, and how far it is on its way to being a leak
 * (`kube-controllers/pkg/controllers/node/ipam_allocation.go@v3.28.4`).
 */
export class Allocation {
  /** Calico's name of its node; empty when it says none. */
  readonly node: string;
  /** Key of its pod. */
  readonly podKey: string;
  readonly purpose: AllocationPurpose;
  /** Name of the node in Kubernetes, as the last sync found it; empty when it has none. */
  kubernetesNode = "";
  /** Its node's allocations while it is among them. */
  holder: AllocationHolder | undefined = undefined;
  /** Its holder's checks need not look at it. */
  isSettled = false;
  #id: string | undefined;
  #leakedSinceNs: bigint | undefined;
  #isConfirmed = false;

  constructor(
    readonly address: string,
    readonly handle: string,
    private readonly attributes: Attribute["secondary"],
    /** Sequence number at which it was assigned; 0 when the block stores none. */
    readonly sequenceNumber: bigint,
    /** Cidr text of its block. */
    readonly block: string,
  ) {
    this.node = this.#attribute("node");
    this.podKey = podKey(this.namespace, this.pod);
    this.purpose = this.#purpose();
  }

  /** Handle and address; the collector knows an allocation by nothing else. */
  get id(): string {
    return (this.#id ??= `${this.handle}/${this.address}`);
  }

  get namespace(): string {
    return this.#attribute("namespace");
  }

  get pod(): string {
    return this.#attribute("pod");
  }

  get releaseOption(): ReleaseOption {
    const { address, handle, sequenceNumber } = this;
    return { address, handle, sequenceNumber };
  }

  /** It looks leaked, but not for long enough. */
  get isCandidate(): boolean {
    return this.#leakedSinceNs !== undefined && !this.#isConfirmed;
  }

  /** Since when it has looked leaked on a living node; undefined when it does not. */
  get leakedSinceNs(): bigint | undefined {
    return this.#leakedSinceNs;
  }

  get isConfirmed(): boolean {
    return this.#isConfirmed;
  }

  /**
   * Notes that it looks leaked while its node exists: a candidate first, confirmed once that has been
   * so for more than the grace period. With a grace period of 0 it stays a candidate.
   */
  markLeaked(nowNs: bigint, graceNs: bigint): void {
    this.#leakedSinceNs ??= nowNs;
    if (graceNs > 0n && nowNs - this.#leakedSinceNs > graceNs) this.#isConfirmed = true;
  }

  markConfirmed(): void {
    this.#isConfirmed = true;
  }

  markValid(): void {
    this.#leakedSinceNs = undefined;
    this.#isConfirmed = false;
  }

  #attribute(name: string): string {
    return this.attributes?.[name] ?? "";
  }

  #purpose(): AllocationPurpose {
    if (this.handle === WINDOWS_RESERVED_HANDLE) return "windowsReserved";
    // The tunnel type decides, should an allocation claim to be both.
    if (TUNNEL_TYPES.has(this.attributes?.["type"])) return "tunnel";
    return this.namespace !== "" && this.pod !== "" ? "pod" : "unknown";
  }
}
