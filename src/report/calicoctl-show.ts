import type { ClusterDump } from "../formats/cluster/cluster-dump.js";
import type { BorrowedAddresses } from "../inspection/borrowed-addresses.js";
import type { PoolUtilization } from "../inspection/utilization.js";
import { type AddressNumber, formatAddress } from "../model/address.js";
import type { Attribute } from "../model/attribute.js";
import { DEFAULT_IPAM_CONFIG } from "../model/ipam-config.js";
import { formatGoCount, formatGoWhole } from "./go-number.js";
import { printableText } from "./printable-text.js";
import { formatRuledTable } from "./ruled-table.js";

// What `calicoctl ipam show` of v3.28.4 prints (`calicoctl/calicoctl/commands/ipam/show.go@v3.28.4`).
// Control characters in names are escaped, which calicoctl does not do.

function utilizationRow(kind: string, cidr: string, inUse: number, capacity: number): string[] {
  const share = (count: number) =>
    `${formatGoCount(count)} (${formatGoWhole((100 * count) / capacity)}%)`;
  return [kind, cidr, formatGoCount(capacity), share(inUse), share(capacity - inUse)];
}

/** The table of pools, with their blocks when asked for. */
export function describeUtilization(
  utilization: readonly PoolUtilization[],
  showBlocks: boolean,
): string {
  const rows: string[][] = [];
  for (const { pool, blocks } of utilization) {
    const inUse = blocks.reduce((sum, { value }) => sum + value.allocatedCount, 0);
    // A pool of every address looks like the group of blocks without pool and has no row either.
    if (pool !== null && pool.cidr.prefix > 0) {
      rows.push(utilizationRow("IP Pool", pool.cidr.text, inUse, pool.cidr.size));
    }
    if (!showBlocks) continue;
    for (const { value: block } of blocks) {
      // Blocks of IPv6 without pool are left out, for the group without pool is 0.0.0.0/0.
      if (pool === null && block.cidr.version === 6) continue;
      rows.push(utilizationRow("Block", block.cidr.text, block.allocatedCount, block.size));
    }
  }
  return formatRuledTable(["GROUPING", "CIDR", "IPS TOTAL", "IPS IN USE", "IPS FREE"], rows);
}

/** The table of borrowed addresses. */
export function describeBorrowed({ borrowed, withoutNode }: BorrowedAddresses): string {
  const titles = ["IP", "BORROWING-NODE", "BLOCK", "BLOCK OWNER", "TYPE", "ALLOCATED-TO"];
  const rows = borrowed.map((entry) =>
    [
      entry.address,
      entry.borrowingNode,
      entry.block,
      entry.blockOwner,
      entry.type,
      entry.allocatedTo,
    ].map(printableText),
  );
  const note =
    withoutNode === 0
      ? ""
      : `\nNote: found ${withoutNode} IP allocations without an explicit node association. ` +
        "Unable to determine if they are borrowed.\n";
  return formatRuledTable(titles, rows) + note;
}

/** The table of the IPAM configuration. */
export function describeConfiguration(dump: ClusterDump): string {
  const config = dump.config?.value ?? DEFAULT_IPAM_CONFIG;
  return formatRuledTable(
    ["PROPERTY", "VALUE"],
    [
      ["StrictAffinity", String(config.strictAffinity)],
      ["AutoAllocateBlocks", String(config.autoAllocateBlocks)],
      ["MaxBlocksPerHost", String(config.maxBlocksPerHost)],
    ],
  );
}

/** Whether an address is assigned, and what is stored with it, by key (calicoctl: in any order). */
export function describeAddress(address: AddressNumber, attribute: Attribute | undefined): string {
  const text = formatAddress(address);
  if (attribute === undefined) return `${text} is not assigned\n`;
  const facts = Object.entries(attribute.secondary ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = facts.map(([key, value]) => `  ${printableText(`${key}: ${value}`)}\n`);
  const head = lines.length === 0 ? "No attributes defined\n" : "Attributes:\n";
  return `IP ${text} is in use\n${head}${lines.join("")}`;
}
