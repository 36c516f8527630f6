import type { AddressCheck, AddressUse, Allocation } from "../inspection/address-check.js";
import { affinityText } from "../model/affinity.js";
import { printableText } from "./printable-text.js";

// What `calicoctl ipam check` of v3.28.4 prints (`calicoctl/calicoctl/commands/ipam/check.go@v3.28.4`).
// Control characters in names are escaped, which calicoctl does not do. Where calicoctl prints in any
// order, this is in order of blocks, of use, or of name.

/** Which addresses are listed one by one; all of them includes the problematic ones. */
export interface AddressDetail {
  readonly all: boolean;
  readonly problems: boolean;
}

const NODES_SHOWN_MAX = 20;

function attributeText({ attribute }: Allocation): string {
  const facts = Object.entries(attribute.secondary ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const extra = facts.map(([key, value]) => `${key}=${value}`).join(",");
  return `Main:${attribute.handle ?? "<none>"} Extra:${extra}`;
}

function describeBlocks({ allocationsByBlock, users }: AddressCheck, all: boolean): string[] {
  const lines = ["Loading all IPAM blocks...", `Found ${allocationsByBlock.size} IPAM blocks.`];
  let count = 0;
  for (const [{ value: block }, allocations] of allocationsByBlock) {
    const affinity = block.affinity === null ? "<none>" : affinityText(block.affinity);
    lines.push(` IPAM block ${block.cidr.text} affinity=${affinity}:`);
    count += allocations.length;
    if (!all) continue;
    for (const allocation of allocations) {
      const { address, isWindowsReserved } = allocation;
      if (isWindowsReserved) lines.push(`  ${address} belongs to ${users.get(address)![0]!}`);
      lines.push(`  ${address} allocated; attrs ${attributeText(allocation)}`);
    }
  }
  return [...lines, `IPAM blocks record ${count} allocations.`, ""];
}

function describeUses(uses: readonly AddressUse[], all: boolean): string[] {
  return all ? uses.map(({ address, owner }) => `  ${address} belongs to ${owner}`) : [];
}

function describeTopNodes({ allocationsByBlock }: AddressCheck): string[] {
  const counts = new Map<string, number>();
  for (const { node } of [...allocationsByBlock.values()].flat()) {
    counts.set(node, (counts.get(node) ?? 0) + 1);
  }
  const nodes = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const lines = nodes
    .slice(0, NODES_SHOWN_MAX)
    .map(([node, count]) => `  ${node} has ${count} allocations`);
  if (nodes.length > 0) {
    const most = nodes[0]![1];
    const median = nodes[Math.floor(nodes.length / 2)]![1];
    lines.push(`Node with most allocations has ${most}; median is ${median}`);
  }
  return [`Looking for top (up to ${NODES_SHOWN_MAX}) nodes by allocations...`, ...lines, ""];
}

function describeScans(check: AddressCheck, detail: AddressDetail): string[] {
  const whenProblems = (lines: readonly string[]) => (detail.problems ? lines : []);
  const { allocations, leaked, shared, outsidePools, unallocated } = check;
  const addresses = (uses: readonly AddressUse[]) => new Set(uses.map((use) => use.address)).size;
  return [
    "Scanning for IPs that are allocated but not actually in use...",
    ...whenProblems(
      leaked.flatMap((address) =>
        allocations
          .get(address)!
          .map((allocation) => `  ${address} leaked; attrs ${attributeText(allocation)}`),
      ),
    ),
    `Found ${leaked.length} IPs that are allocated in IPAM but not actually in use.`,
    "Scanning for IPs that are in use by a workload or node but not allocated in IPAM...",
    ...whenProblems([
      ...shared.map((address) => `  ${address} has multiple owners.`),
      ...outsidePools.map(
        ({ address, owner }) => `  ${address} in use by ${owner} is not in any active IP pool.`,
      ),
      ...unallocated.map(
        ({ address, owner }) =>
          `  ${address} in use by ${owner} and in active IPAM pool but has no IPAM allocation.`,
      ),
    ]),
    `Found ${addresses(outsidePools)} in-use IPs that are not in active IP pools.`,
    `Found ${addresses(unallocated)} in-use IPs that are in active IP pools but have no ` +
      "corresponding IPAM allocation.",
    "",
  ];
}

function describeHandles(check: AddressCheck, detail: AddressDetail): string[] {
  const { leakedHandles, matchedHandleCount, missingHandles } = check;
  return [
    "Scanning for IPAM handles with no matching IPs...",
    ...(detail.all
      ? leakedHandles.map(({ value }) => `  ${value.id} doesn't have any active IPs.`)
      : []),
    `Found ${leakedHandles.length} handles with no matching IPs ` +
      `(and ${matchedHandleCount} handles with matches).`,
    "Scanning for IPs with missing handle...",
    ...(detail.problems
      ? missingHandles.map((id) => `  ${id} is in use in a block but doesn't exist.`)
      : []),
    `Found ${missingHandles.length} handles mentioned in blocks with no matching handle resource.`,
  ];
}

/** The whole output. */
export function describeCheck(check: AddressCheck, detail: AddressDetail): string {
  const lines = [
    "Checking IPAM for inconsistencies...",
    "",
    ...describeBlocks(check, detail.all),
    "Loading all IPAM pools...",
    ...check.activePools.map((cidr) => `  ${cidr}`),
    `Found ${check.activePools.length} active IP pools.`,
    "",
    "Loading all nodes.",
    ...describeUses(check.nodeUses, detail.all),
    `Found ${check.nodeUses.length} node tunnel IPs.`,
    "",
    "Loading all workload endpoints.",
    ...describeUses(check.workloadUses, detail.all),
    `Found ${check.workloadUses.length} workload IPs.`,
    `Workloads and nodes are using ${check.users.size} IPs.`,
    "",
    "Loading all handles",
    ...describeTopNodes(check),
    ...describeScans(check, detail),
    ...describeHandles(check, detail),
    `Check complete; found ${check.problemCount} problems.`,
  ];
  return lines.map((line) => `${printableText(line)}\n`).join("");
}
