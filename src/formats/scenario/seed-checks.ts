import { didYouMean } from "../../failure/nearest-name.js";
import { quoted } from "../traces/printable.js";
import type { Scenario } from "./scenario.js";
import type { Finding } from "./schema-faults.js";

/** Nodes and pools that the seeds of a scenario name and that it does not have. */
export function seedFindings({ initialState, nodes, pools }: Scenario): Finding[] {
  const known = {
    node: nodes.map(({ name }) => name),
    otherNode: nodes.map(({ name }) => name),
    pool: pools.map(({ name }) => name),
  };
  return (initialState?.seed ?? []).flatMap((seed, index) =>
    Object.entries(known).flatMap(([key, names]): Finding[] => {
      const name = (seed as Readonly<Record<string, unknown>>)[key];
      if (typeof name !== "string" || names.includes(name)) return [];
      const what = key === "pool" ? "pool" : "node";
      const message = `the scenario has no ${what} ${quoted(name)}${didYouMean(name, names)}`;
      return [{ path: ["initialState", "seed", index, key], message }];
    }),
  );
}
