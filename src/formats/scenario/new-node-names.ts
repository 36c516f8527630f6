import type { Node } from "../../model/node.js";
import { quoted } from "../traces/printable.js";
import { type CheckedExecutor, ExecutorSchema } from "./executor-schema.js";
import { nameRule } from "./field-rules.js";
import { nodeNames } from "./node-names.js";
import type { Finding } from "./schema-faults.js";
import { soundItems } from "./sound-parts.js";

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

/** Names of executors: that which is given, else that of its kind, with a number when it is taken. */
export function executorNames(
  workload: readonly { readonly name?: string | undefined; readonly executor: string }[],
): string[] {
  const taken = new Set(workload.map(({ name }) => name));
  return workload.map((executor) => {
    let name = executor.name ?? executor.executor;
    for (let i = 2; executor.name === undefined && taken.has(name); i++) {
      name = `${executor.executor}-${i}`;
    }
    taken.add(name);
    return name;
  });
}

/**
 * New nodes whose names are taken, or are no names.
 *
 * @param nodes the scenario's; undefined when they are not known, since something is wrong with them.
 */
export function newNodeNameFindings(
  content: unknown,
  nodes: readonly Node[] | undefined,
): Finding[] {
  const taken = new Set(nodes?.map(({ name }) => name));
  const workload = soundItems(content, ["workload"], ExecutorSchema);
  const names = executorNames(workload.map(([, executor]) => executor));
  return workload.flatMap(([index, executor], i): Finding[] => {
    const { newNames } = newNodeNames(executor, names[i]!);
    const path = ["workload", index, "prefix" in executor ? "prefix" : "name"];
    const [first] = newNames;
    const fault = first === undefined ? undefined : nameRule(first);
    if (fault !== undefined) {
      return [{ path, message: `would make names that Kubernetes refuses: ${fault}` }];
    }
    const clash = newNames.find((name) => taken.has(name));
    for (const name of newNames) taken.add(name);
    if (clash === undefined) return [];
    return [{ path, message: `would make a second node ${quoted(clash)}; give another prefix` }];
  });
}
