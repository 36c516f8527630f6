import type { ClusterDump, TunnelAddress } from "../formats/cluster/cluster-dump.js";
import type { AddressNumber } from "../model/address.js";
import type { TunnelAddresses, TunnelKind } from "../model/node.js";

const KIND_OF_USE: Readonly<Record<TunnelAddress["use"], TunnelKind>> = {
  ipip: "ipip",
  vxlan: "vxlan",
  wireguard: "wireguard",
  "vxlan-v6": "vxlanV6",
  "wireguard-v6": "wireguardV6",
};

/** Attribute of an allocation that is for a tunnel: `vxlanTunnelAddress` and so on. */
const TYPE_END = "TunnelAddress";

/**
 * The tunnel addresses of each node: as the nodes tell them, or where the dump has no nodes, as they are
 * allocated.
 */
export function tunnelsByNode({ kinds, nodes, blocks }: ClusterDump): Map<string, TunnelAddresses> {
  const known = new Map<string, Partial<Record<TunnelKind, AddressNumber>>>();
  const note = (node: string, kind: TunnelKind, address: AddressNumber) => {
    const addresses = known.get(node) ?? {};
    addresses[kind] = address;
    known.set(node, addresses);
  };
  for (const { name, tunnels } of nodes) {
    for (const { use, address } of tunnels) note(name, KIND_OF_USE[use], address);
  }
  if (kinds.has("Node")) return known;
  const ofType = new Map(Object.values(KIND_OF_USE).map((kind) => [kind + TYPE_END, kind]));
  for (const { value: block } of blocks) {
    for (let ordinal = 0; ordinal < block.size; ordinal++) {
      const { type = "", node } = block.attributeOf(ordinal)?.secondary ?? {};
      const kind = ofType.get(type);
      if (kind !== undefined && node) note(node, kind, block.cidr.addressAt(ordinal));
    }
  }
  return known;
}

/** Tunnel addresses as a node object lists them. */
export function tunnelList(addresses: TunnelAddresses): TunnelAddress[] {
  const uses = Object.keys(KIND_OF_USE) as TunnelAddress["use"][];
  return uses.flatMap((use) => {
    const address = addresses[KIND_OF_USE[use]];
    return address === undefined ? [] : [{ use, address }];
  });
}
