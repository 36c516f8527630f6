import type { Node } from "../../model/node.js";
import { quoted } from "../traces/printable.js";
import type { CheckedExecutor } from "./executor-schema.js";
import { nameRule } from "./field-rules.js";
import { nodeNames } from "./node-names.js";
import type { Executor } from "./scenario.js";
import type { Finding } from "./schema-faults.js";

/** Whether an executor gives new nodes names of its own. */
function bringsNodes(executor: CheckedExecutor): boolean {
  switch (executor.executor) {
    case "node-join":
    case "autoscale":
      return true;
    case "spot-kill":
      return executor.replaceAfter !== undefined && !executor.reuseNames;
    default:
      return false;
  }
}

function countOf(executor: CheckedExecutor): number {
  if (!bringsNodes(executor)) return 0;
  if (executor.executor === "autoscale") return executor.nodesMax;
  return "nodes" in executor ? executor.nodes : 0;
}

/**
 * Names of the nodes that an executor brings: its `prefix`, or its own name and `-`, then numbers as
 * those of the scenario's nodes have. Of an autoscaler they are the first; it goes on counting.
 */
export function newNodeNames(
  executor: CheckedExecutor,
  name: string,
): { readonly namePrefix: string; readonly newNames: readonly string[] } {
  const prefix = "prefix" in executor ? executor.prefix : undefined;
  const namePrefix = prefix ?? `${name}-`;
  return { namePrefix, newNames: nodeNames(countOf(executor), namePrefix) };
}

/** New nodes whose names are taken, or are no names. */
export function newNodeNameFindings(
  nodes: readonly Node[],
  workload: readonly Executor[],
): Finding[] {
  const taken = new Set(nodes.map(({ name }) => name));
  return workload.flatMap((executor, i): Finding[] => {
    const path = ["workload", i, "prefix" in executor ? "prefix" : "name"];
    const [first] = executor.newNames;
    const fault = first === undefined ? undefined : nameRule(first);
    if (fault !== undefined) {
      return [{ path, message: `would make names that Kubernetes refuses: ${fault}` }];
    }
    const clash = executor.newNames.find((name) => taken.has(name));
    for (const name of executor.newNames) taken.add(name);
    if (clash === undefined) return [];
    return [{ path, message: `would make a second node ${quoted(clash)}; give another prefix` }];
  });
}
