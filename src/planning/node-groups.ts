import type { Node } from "../model/node.js";

/** Labels that name the node itself. */
const PER_NODE_LABELS = new Set(["kubernetes.io/hostname"]);

/**
 * The group of nodes that a node belongs to: those with the same labels, which are all that pools and
 * pods tell nodes apart by. As in `zone=a,disk=ssd`; empty for a node without labels.
 */
export function groupName(labels: Node["labels"]): string {
  const pairs = Object.entries(labels).filter(([key]) => !PER_NODE_LABELS.has(key));
  return pairs.map(([key, value]) => `${key}=${value}`).join(",");
}
