import { didYouMean } from "../../failure/nearest-name.js";
import type { Node } from "../../model/node.js";
import { quoted } from "../traces/printable.js";
import type { Finding } from "./schema-faults.js";
import { SeedSchema } from "./seed-schema.js";
import { namesAt, soundItems } from "./sound-parts.js";

/**
 * Nodes and pools that the seeds of a scenario name and that it does not have.
 *
 * @param nodes the scenario's; undefined when they are not known, since something is wrong with them.
 */
export function seedFindings(content: unknown, nodes: readonly Node[] | undefined): Finding[] {
  const nodeNames = nodes?.map(({ name }) => name);
  const poolNames = namesAt(content, ["pools"]);
  const known = { node: nodeNames, otherNode: nodeNames, pool: poolNames };
  return soundItems(content, ["initialState", "seed"], SeedSchema).flatMap(([index, seed]) =>
    Object.entries(known).flatMap(([key, names]): Finding[] => {
      const name = (seed as Readonly<Record<string, unknown>>)[key];
      if (typeof name !== "string" || names === undefined || names.includes(name)) return [];
      const what = key === "pool" ? "pool" : "node";
      const message = `the scenario has no ${what} ${quoted(name)}${didYouMean(name, names)}`;
      return [{ path: ["initialState", "seed", index, key], message }];
    }),
  );
}
