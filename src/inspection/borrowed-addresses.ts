import type { ClusterDump } from "../formats/cluster/cluster-dump.js";
import { formatAddress } from "../model/address.js";
import { affinityText } from "../model/affinity.js";

/** An address that a node took from a block it does not own. */
export interface BorrowedAddress {
  readonly address: string;
  readonly borrowingNode: string;
  /** Cidr of the block. */
  readonly block: string;
  /** Empty when nobody owns the block. */
  readonly blockOwner: string;
  /** `pod`, the kind of tunnel address, or empty. */
  readonly type: string;
  /** `namespace/pod`, or empty. */
  readonly allocatedTo: string;
}

export interface BorrowedAddresses {
  readonly borrowed: readonly BorrowedAddress[];
  /** Allocations that do not say on which node they are used. */
  readonly withoutNode: number;
}

/** What is left of an affinity's text without its type, if it has exactly one. */
function ownerName(affinity: string): string {
  const parts = affinity.split(":");
  return parts.length === 2 ? parts[1]! : parts[0]!;
}

/** The borrowed addresses, block by block (`calicoctl/calicoctl/commands/ipam/show.go@v3.28.4`). */
export function borrowedAddresses(dump: ClusterDump): BorrowedAddresses {
  const borrowed: BorrowedAddress[] = [];
  let withoutNode = 0;
  for (const { value: block } of dump.blocks) {
    const blockOwner = block.affinity === null ? "" : ownerName(affinityText(block.affinity));
    for (let ordinal = 0; ordinal < block.size; ordinal++) {
      const attribute = block.attributeOf(ordinal);
      if (attribute === undefined) continue;
      const facts = attribute.secondary ?? {};
      const borrowingNode = facts["node"];
      if (borrowingNode === undefined) {
        withoutNode++;
      } else if (borrowingNode !== blockOwner) {
        const pod = facts["pod"];
        borrowed.push({
          address: formatAddress(block.cidr.addressAt(ordinal)),
          borrowingNode,
          block: block.cidr.text,
          blockOwner,
          type: pod === undefined ? (facts["type"] ?? "") : "pod",
          allocatedTo: pod === undefined ? "" : `${facts["namespace"] ?? ""}/${pod}`,
        });
      }
    }
  }
  return { borrowed, withoutNode };
}
