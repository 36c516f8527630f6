import { getNode, listPools, Sleep, updateNode } from "../datastore/request.js";
import type { Entry, Found, Listed } from "../datastore/response.js";
import { type AddressNumber, formatAddress, type IpVersion } from "../model/address.js";
import type { Attribute } from "../model/attribute.js";
import { CalicoError, textError, wrapError } from "../model/calico-error.js";
import type { Cidr } from "../model/cidr.js";
import type { Node, TunnelKind } from "../model/node.js";
import type { Pool } from "../model/pool.js";
import { partialFulfilmentText } from "../protocol/auto-assign.js";
import type { CallContext, Steps } from "../protocol/environment.js";
import type { Ipam } from "../protocol/ipam.js";
import type { PoolView } from "../protocol/pool-views.js";

/** What a kind of tunnel is called, and which pools want it. */
interface Tunnel {
  readonly kind: TunnelKind;
  readonly version: IpVersion;
  /** Beginning of the handle, which ends with the node's name. */
  readonly handle: string;
  /** The attribute by which garbage collection knows such addresses. */
  readonly type: string;
  isWantedBy(pool: Pool): boolean;
}

const always = () => true;
const ipip = (pool: Pool) => pool.ipipMode !== "Never";
const vxlan = (pool: Pool) => pool.vxlanMode !== "Never";

/** In the order in which a round goes through them. */
const TUNNELS: readonly Tunnel[] = [
  row("wireguard", 4, "wireguard-tunnel-addr", "wireguardTunnelAddress", always),
  row("wireguardV6", 6, "wireguard-v6-tunnel-addr", "wireguardV6TunnelAddress", always),
  row("ipip", 4, "ipip-tunnel-addr", "ipipTunnelAddress", ipip),
  row("vxlan", 4, "vxlan-tunnel-addr", "vxlanTunnelAddress", vxlan),
  row("vxlanV6", 6, "vxlan-v6-tunnel-addr", "vxlanV6TunnelAddress", vxlan),
];

function row(
  kind: TunnelKind,
  version: IpVersion,
  handle: string,
  type: string,
  isWantedBy: (pool: Pool) => boolean,
): Tunnel {
  return { kind, version, handle, type, isWantedBy };
}

/** Handles of all tunnel addresses that a node may have. */
export function tunnelHandles(nodeName: string): string[] {
  return TUNNELS.map(({ handle }) => `${handle}-${nodeName}`);
}

/** Whether a node takes addresses for its tunnels from these pools. */
export function wantTunnels(pools: readonly Pool[]): boolean {
  return pools.some((pool) => pool.ipipMode !== "Never" || pool.vxlanMode !== "Never");
}

/** Attempts to write a node that others write too, and the pause between them. */
const NODE_ATTEMPTS = 5;
const NODE_PAUSE_MS = 1000;

function withTunnel(node: Node, kind: TunnelKind, address: AddressNumber | undefined): Node {
  const { [kind]: _, ...others } = node.tunnelAddresses ?? {};
  const tunnelAddresses = address === undefined ? others : { ...others, [kind]: address };
  return { ...node, tunnelAddresses };
}

const hasNoOwnerData = ({ secondary }: Attribute): boolean =>
  secondary === null || Object.keys(secondary).length === 0;

/**
 * One round of calico-node's tunnel allocator for one node: gives the node an address of its own for
 * each kind of tunnel that a pool wants, and takes away the others
 * (`reconcileTunnelAddrs`, node/pkg/allocateip/allocateip.go@v3.28.4, v3.30.0 and v3.32.1). An error ends
 * calico-node, and the container starts again.
 */
export function* allocateTunnelAddresses(
  ipam: Ipam,
  context: CallContext,
  nodeName: string,
): Steps<CalicoError | undefined> {
  const found = (yield getNode(nodeName)) as Found<Node>;
  if (found instanceof CalicoError) {
    return wrapError(`failed to fetch node resource '${nodeName}'`, found);
  }
  const listed = (yield listPools("background")) as Listed<Pool>;
  if (listed instanceof CalicoError) {
    return wrapError("unable to query IP pool configuration", listed);
  }
  const pools = ipam.env.poolViews.of(listed).all;
  const round =
    ipam.env.release.tunnelNodeUpdates === "each by itself"
      ? new SeparateRound(ipam, context, found)
      : new CollectedRound(ipam, context, found);
  for (const kind of TUNNELS) {
    const wanted = wantedPools(ipam, found.value, pools, kind);
    const error = wanted.length > 0 ? yield* round.ensure(kind, wanted) : yield* round.remove(kind);
    if (error === undefined) continue;
    yield* round.fail();
    return error;
  }
  return yield* round.finish();
}

function wantedPools(ipam: Ipam, node: Node, pools: readonly PoolView[], tunnel: Tunnel): Cidr[] {
  const { kind, version } = tunnel;
  const isWireguard = kind === "wireguard" || kind === "wireguardV6";
  if (isWireguard && node.wireguard?.includes(version) !== true) return [];
  const leavesOut = ipam.env.release.tunnelPoolsBeingDeleted === "left out";
  return pools
    .filter((view) => {
      const { pool, cidr } = view;
      const isEnabled = !pool.disabled && !(leavesOut && pool.beingDeleted);
      const isRight = cidr.version === version && isEnabled && tunnel.isWantedBy(pool);
      // A selector with a mistake selects nothing here; the allocator only logs it.
      return isRight && view.allows("Tunnel") && view.selectsNode(node) === true;
    })
    .map(({ cidr }) => cidr);
}

/** What the rounds of all releases have in common. */
abstract class TunnelRound {
  constructor(
    protected readonly ipam: Ipam,
    protected readonly context: CallContext,
    protected entry: Entry<Node>,
  ) {}

  /** Makes sure that the node has an address from one of these pools. */
  abstract ensure(tunnel: Tunnel, pools: readonly Cidr[]): Steps<CalicoError | undefined>;
  /** Makes sure that the node has no such address. */
  abstract remove(tunnel: Tunnel): Steps<CalicoError | undefined>;
  abstract fail(): Steps<void>;
  abstract finish(): Steps<CalicoError | undefined>;

  protected get name(): string {
    return this.entry.value.name;
  }

  protected handleOf({ handle }: Tunnel): string {
    return `${handle}-${this.name}`;
  }

  private attributesOf({ type }: Tunnel): Record<string, string> {
    return { node: this.name, type };
  }

  /** Releases what has the tunnel's handle; that there is nothing is fine. */
  protected *releaseHandle(tunnel: Tunnel): Steps<CalicoError | undefined> {
    const error = yield* this.ipam.releaseByHandle(this.handleOf(tunnel));
    return error?.kind === "notFound" ? undefined : error;
  }

  /**
   * Whether the node's address may stay; releases an old one that must not. An error otherwise.
   */
  protected *canKeep(tunnel: Tunnel, pools: readonly Cidr[]): Steps<boolean | CalicoError> {
    const address = this.entry.value.tunnelAddresses?.[tunnel.kind];
    if (address === undefined) return (yield* this.releaseHandle(tunnel)) ?? false;
    const attribute = yield* this.ipam.assignmentAttributes(address);
    if (attribute instanceof CalicoError) {
      if (attribute.kind === "notFound") return (yield* this.releaseHandle(tunnel)) ?? false;
      const text = formatAddress(address);
      return wrapError(`failed to get assignment attributes for CIDR '${text}'`, attribute);
    }
    const { secondary } = attribute;
    if (secondary?.["type"] === tunnel.type && secondary["node"] === this.name) {
      if (pools.some((pool) => pool.contains(address))) return true;
      return (yield* this.releaseHandle(tunnel)) ?? false;
    }
    // Addresses of others are left alone. Those of old releases have neither owner data nor handle.
    if (!hasNoOwnerData(attribute) || attribute.handle !== null) return false;
    const error = yield* this.#giveHandle(tunnel, address);
    if (error === undefined) return true;
    return error.kind === "exists" ? false : error;
  }

  /** Releases the address and assigns it again, this time with handle. */
  *#giveHandle(tunnel: Tunnel, address: AddressNumber): Steps<CalicoError | undefined> {
    const option = { address: formatAddress(address) };
    const { error } = yield* this.ipam.releaseIps(this.context, [option]);
    if (error !== null) return error;
    return yield* this.ipam.assignIp(this.context, {
      address,
      handle: this.handleOf(tunnel),
      attributes: this.attributesOf(tunnel),
      host: this.name,
      hostReserved: null,
    });
  }

  /** Takes an address; the pools are asked for by name, so their node selectors do not matter. */
  protected *assign(tunnel: Tunnel, pools: readonly Cidr[]): Steps<AddressNumber | CalicoError> {
    const isV4 = tunnel.version === 4;
    const result = yield* this.ipam.autoAssign(this.context, {
      num4: isV4 ? 1 : 0,
      num6: isV4 ? 0 : 1,
      handle: this.handleOf(tunnel),
      attributes: this.attributesOf(tunnel),
      host: this.name,
      pools4: isV4 ? pools : [],
      pools6: isV4 ? [] : pools,
      maxBlocksPerHost: 0,
      reserved4: null,
      reserved6: null,
      use: "Tunnel",
      namespaceLabels: {},
    });
    if (result.error !== null) return wrapError("Unable to autoassign an address", result.error);
    const family = (isV4 ? result.v4 : result.v6)!;
    const missing = partialFulfilmentText(family);
    if (missing !== undefined) {
      return textError(`Unable to autoassign an IPv${tunnel.version} address: ${missing}`);
    }
    const { block, ordinals } = family.taken[0]!;
    return block.addressAt(ordinals[0]!);
  }

  /** Gives back what belongs to the node. */
  protected *release(tunnel: Tunnel): Steps<CalicoError | undefined> {
    const handle = this.handleOf(tunnel);
    const error = yield* this.ipam.releaseByHandle(handle);
    if (error?.kind !== "notFound") return error;
    const address = this.entry.value.tunnelAddresses?.[tunnel.kind];
    if (address === undefined) return undefined;
    // Without handle, the address may be from before handles, or its handle object got lost.
    const attribute = yield* this.ipam.assignmentAttributes(address);
    if (attribute instanceof CalicoError) {
      return attribute.kind === "notFound" ? undefined : attribute;
    }
    const isOld = hasNoOwnerData(attribute) && attribute.handle === null;
    if (!isOld && attribute.handle !== handle) return undefined;
    const option = { address: formatAddress(address), ...(isOld ? {} : { handle }) };
    return (yield* this.ipam.releaseIps(this.context, [option])).error ?? undefined;
  }
}

/** Up to v3.29: the node is read for every kind, and written for every kind that is not kept. */
class SeparateRound extends TunnelRound {
  override *ensure(tunnel: Tunnel, pools: readonly Cidr[]): Steps<CalicoError | undefined> {
    const read = yield* this.#read();
    if (read !== undefined) return read;
    const isKept = yield* this.canKeep(tunnel, pools);
    if (isKept === true || isKept instanceof CalicoError)
      return isKept === true ? undefined : isKept;
    const address = yield* this.assign(tunnel, pools);
    if (address instanceof CalicoError) return address;
    const error = yield* this.#write(tunnel, address);
    if (error !== undefined) yield* this.releaseHandle(tunnel);
    return error;
  }

  override *remove(tunnel: Tunnel): Steps<CalicoError | undefined> {
    let written: Found<Node> | undefined;
    for (let attempt = 0; attempt < NODE_ATTEMPTS; attempt++) {
      const read = yield* this.#read();
      if (read !== undefined) return read;
      const error = yield* this.release(tunnel);
      if (error !== undefined) return error;
      const node = withTunnel(this.entry.value, tunnel.kind, undefined);
      written = (yield updateNode(this.entry, node)) as Found<Node>;
      if (!(written instanceof CalicoError)) return undefined;
      if (written.kind !== "conflict") return written;
      yield new Sleep(NODE_PAUSE_MS);
    }
    return written as CalicoError;
  }

  override *fail(): Steps<void> {
    // Each kind has cleaned up after itself.
  }

  override *finish(): Steps<CalicoError | undefined> {
    return undefined;
  }

  *#read(): Steps<CalicoError | undefined> {
    const found = (yield getNode(this.name)) as Found<Node>;
    if (found instanceof CalicoError) return found;
    this.entry = found;
    return undefined;
  }

  *#write(tunnel: Tunnel, address: AddressNumber): Steps<CalicoError | undefined> {
    for (let attempt = 0; attempt < NODE_ATTEMPTS; attempt++) {
      const read = yield* this.#read();
      if (read !== undefined) return read;
      const node = withTunnel(this.entry.value, tunnel.kind, address);
      const written = (yield updateNode(this.entry, node)) as Found<Node>;
      if (!(written instanceof CalicoError)) return undefined;
      if (written.kind !== "conflict") return written;
      yield new Sleep(NODE_PAUSE_MS);
    }
    return textError("Too many retries attempting to update node with tunnel address");
  }
}

/** From v3.30.0: one copy of the node for all kinds, written once if anything changed. */
class CollectedRound extends TunnelRound {
  readonly #assigned: Tunnel[] = [];
  #isChanged = false;

  override *ensure(tunnel: Tunnel, pools: readonly Cidr[]): Steps<CalicoError | undefined> {
    const isKept = yield* this.canKeep(tunnel, pools);
    if (isKept === true || isKept instanceof CalicoError)
      return isKept === true ? undefined : isKept;
    const address = yield* this.assign(tunnel, pools);
    if (address instanceof CalicoError) return address;
    this.#assigned.push(tunnel);
    this.#set(tunnel, address);
    return undefined;
  }

  override *remove(tunnel: Tunnel): Steps<CalicoError | undefined> {
    const error = yield* this.release(tunnel);
    if (error === undefined) this.#set(tunnel, undefined);
    return error;
  }

  /** What this round has assigned is given back. */
  override *fail(): Steps<void> {
    for (const tunnel of this.#assigned) yield* this.releaseHandle(tunnel);
  }

  override *finish(): Steps<CalicoError | undefined> {
    if (!this.#isChanged) return undefined;
    const written = (yield updateNode(this.entry, this.entry.value)) as Found<Node>;
    if (!(written instanceof CalicoError)) return undefined;
    yield* this.fail();
    return written;
  }

  #set({ kind }: Tunnel, address: AddressNumber | undefined): void {
    const { value, revision } = this.entry;
    if (value.tunnelAddresses?.[kind] === address) return;
    this.#isChanged = true;
    this.entry = { value: withTunnel(value, kind, address), revision };
  }
}
