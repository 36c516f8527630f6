import type { AddressNumber, IpVersion } from "./address.js";

/** What a node has an address of its own for, besides its pods. */
export type TunnelKind = "wireguard" | "wireguardV6" | "ipip" | "vxlan" | "vxlanV6";

/** Addresses of a node's tunnel devices; a kind without address is absent. */
export type TunnelAddresses = Readonly<Partial<Record<TunnelKind, AddressNumber>>>;

/** A node as IPAM sees it: a name to claim blocks for, and labels that pools select by. */
export interface Node {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly tunnelAddresses?: TunnelAddresses;
  /** IP versions for which WireGuard runs on the node, and not in host encryption mode. */
  readonly wireguard?: readonly IpVersion[];
}
