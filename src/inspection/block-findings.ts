import type { ClusterDump, StoredBlock } from "../formats/cluster/cluster-dump.js";
import { sameOwner } from "../model/affinity.js";
import { isEmptyBlock } from "../model/block.js";
import { addTo, type AddressCheck } from "./address-check.js";
import { contentText, removal } from "./block-removal.js";
import { type Finding, findingOf, type FindingItem, nameSome } from "./finding.js";
import { createAffinity, deleteObject, editObject, patchSpec } from "./repair-commands.js";
import { poolsOf } from "./utilization.js";

/** Blocks a node may have when the configuration gives no number. */
const BLOCKS_PER_NODE_MAX = 20;

/** Blocks outside all pools. Takes a dump with blocks and pools. */
export function poolFindings(dump: ClusterDump, check: AddressCheck): Finding[] {
  const pools = poolsOf(dump);
  const items = dump.blocks
    .filter(({ value }) => !pools.some(({ cidr }) => cidr.overlaps(value.cidr)))
    .map((block) => {
      return {
        subject: block.value.cidr.text,
        detail: contentText(block),
        fix: removal(block, check),
      };
    });
  const title = "blocks that lie in no pool: nothing new is taken from them";
  return findingOf("block-outside-pools", "problem", title, items);
}

/** Pairs of blocks that share addresses, by sweeping over them in order of base address. */
function overlaps(blocks: readonly StoredBlock[]): [outer: StoredBlock, inner: StoredBlock][] {
  const sorted = blocks.toSorted((a, b) => {
    const [x, y] = [a.value.cidr, b.value.cidr];
    if (x.version !== y.version) return x.version - y.version;
    if (x.base !== y.base) return x.base < y.base ? -1 : 1;
    return x.prefix - y.prefix;
  });
  const pairs: [StoredBlock, StoredBlock][] = [];
  // Networks are nested or apart, so the open ones form a stack.
  const open: StoredBlock[] = [];
  for (const block of sorted) {
    while (open.length > 0 && !open.at(-1)!.value.cidr.covers(block.value.cidr)) open.pop();
    if (open.length > 0) pairs.push([open.at(-1)!, block]);
    open.push(block);
  }
  return pairs;
}

/** Blocks that contradict themselves or each other. Takes a dump with blocks. */
export function consistencyFindings(dump: ClusterDump, check: AddressCheck): Finding[] {
  const overlapping = overlaps(dump.blocks).map(([outer, inner]): FindingItem => {
    const goes = isEmptyBlock(outer.value) ? outer : inner;
    return {
      subject: inner.value.cidr.text,
      detail: `${contentText(inner)}; inside ${outer.value.cidr.text}, ${contentText(outer)}`,
      fix: removal(goes, check),
    };
  });
  const torn = dump.blocks.flatMap(({ object, value, lostOrdinals, contestedOrdinals }) => {
    const parts = [
      ...(lostOrdinals.length === 0
        ? []
        : [`${lostOrdinals.length} ordinals neither allocated nor free (${brief(lostOrdinals)})`]),
      ...(contestedOrdinals.length === 0
        ? []
        : [`${contestedOrdinals.length} ordinals free too often (${brief(contestedOrdinals)})`]),
    ];
    if (parts.length === 0) return [];
    return [{ subject: value.cidr.text, detail: parts.join("; "), fix: [editObject(object)] }];
  });
  return [
    ...findingOf(
      "blocks-overlap",
      "problem",
      "blocks that share addresses: one address may be given out twice",
      overlapping,
    ),
    ...findingOf(
      "block-inconsistent",
      "problem",
      "blocks whose lists of allocated and of free ordinals contradict each other",
      torn,
    ),
  ];
}

const ORDINALS_SHOWN_MAX = 8;

function brief(ordinals: readonly number[]): string {
  const shown = ordinals.slice(0, ORDINALS_SHOWN_MAX).join(", ");
  return ordinals.length > ORDINALS_SHOWN_MAX ? `${shown}, …` : shown;
}

/** Blocks and affinity objects that do not fit together. Takes a dump with both. */
export function affinityFindings(dump: ClusterDump): Finding[] {
  const affinities = dump.affinities.filter(({ isDeleted }) => !isDeleted);
  const byCidr = new Map(dump.blocks.map((block) => [block.value.cidr.text, block]));
  const claimed = new Set(
    affinities.map(({ value }) => `${value.type}:${value.host} ${value.cidr.text}`),
  );
  const unclaimed = dump.blocks.flatMap(({ object, value: { affinity, cidr } }): FindingItem[] => {
    if (affinity?.type !== "host" || claimed.has(`host:${affinity.host} ${cidr.text}`)) return [];
    const fix = [createAffinity(object.apiVersion, { ...affinity, cidr })];
    return [{ subject: cidr.text, detail: `owned by node ${affinity.host}`, fix }];
  });
  const blockless: FindingItem[] = [];
  const pending: FindingItem[] = [];
  const double: FindingItem[] = [];
  const confirmed = new Map<string, string[]>();
  for (const { value } of affinities) {
    if (value.state === "confirmed") addTo(confirmed, value.cidr.text, value.host);
  }
  for (const { object, value: affinity } of affinities) {
    const owner = byCidr.get(affinity.cidr.text)?.value.affinity;
    const isOwn = owner !== undefined && owner !== null && sameOwner(owner, affinity);
    const claimants = affinity.state === "confirmed" ? confirmed.get(affinity.cidr.text)! : [];
    if (claimants.length > 1 && !isOwn) {
      const others = claimants.filter((host) => host !== affinity.host);
      const detail = `node ${affinity.host}, and also ${nameSome(others)}; not its block`;
      double.push({ subject: affinity.cidr.text, detail, fix: [deleteObject(object)] });
      continue;
    }
    const isPending = affinity.state === "pending" || affinity.state === "pendingDeletion";
    if (isOwn && !isPending) continue;
    const state = affinity.state === "" ? "no state" : affinity.state;
    const block =
      owner === undefined ? "no such block" : isOwn ? "the block is its own" : "not its block";
    const detail = `node ${affinity.host}, ${state}; ${block}`;
    const wait = isOwn ? "; the node settles it when it next looks for an address" : "";
    const item = {
      subject: affinity.cidr.text,
      detail: detail + wait,
      fix: isOwn ? [] : [deleteObject(object)],
    };
    (isPending ? pending : blockless).push(item);
  }
  return [
    ...findingOf(
      "block-without-affinity",
      "problem",
      "blocks with an owner and no affinity object: the owner does not find them",
      unclaimed,
    ),
    ...findingOf(
      "affinity-double",
      "problem",
      "affinities of a block that another node has confirmed, too: one of them is wrong",
      double,
    ),
    ...findingOf(
      "affinity-without-block",
      "problem",
      "affinity objects of nodes that do not own the block: they count for the node's limit",
      blockless,
    ),
    ...findingOf(
      "affinity-pending",
      "note",
      "affinities in the middle of a claim or a release (stale when still so on a second look)",
      pending,
    ),
  ];
}

/** Empty blocks that a node could do without, and nodes at their limit. Takes blocks and nodes. */
export function nodeFindings(dump: ClusterDump): Finding[] {
  const nodes = new Set(dump.nodes.map(({ name }) => name));
  const blocksOf = new Map<string, StoredBlock[]>();
  for (const block of dump.blocks) {
    const { affinity, cidr } = block.value;
    if (affinity?.type !== "host") continue;
    const key = `${cidr.version} ${affinity.host}`;
    const blocks = blocksOf.get(key);
    if (blocks === undefined) blocksOf.set(key, [block]);
    else blocks.push(block);
  }
  const idle: FindingItem[] = [];
  const crowded: FindingItem[] = [];
  const config = dump.config;
  const limit = config?.value.maxBlocksPerHost || BLOCKS_PER_NODE_MAX;
  for (const blocks of blocksOf.values()) {
    const { host } = blocks[0]!.value.affinity!;
    const isGone = !nodes.has(host);
    for (const { value } of blocks) {
      if (!isEmptyBlock(value) || (!isGone && blocks.length === 1)) continue;
      const why = isGone ? "which does not exist" : `one of its ${blocks.length} blocks`;
      idle.push({
        subject: value.cidr.text,
        detail: `node ${host}, ${why}; calico-kube-controllers releases it if it runs`,
        fix: ["kubectl get pods -A -l k8s-app=calico-kube-controllers"],
      });
    }
    if (blocks.length < limit) continue;
    const free = blocks.reduce((sum, { value }) => sum + value.unallocated.length, 0);
    const fix =
      config === undefined ? [] : [patchSpec(config.object, { maxBlocksPerHost: 2 * limit })];
    const detail = `${blocks.length} blocks of ${limit} allowed, ${free} addresses free in them`;
    crowded.push({ subject: host, detail, fix });
  }
  return [
    ...findingOf(
      "block-idle",
      "note",
      "empty blocks that their node does not need: other nodes cannot own them",
      idle,
    ),
    ...findingOf("node-at-block-limit", "note", "nodes that may claim no further block", crowded),
  ];
}
