import type { Cidr } from "../model/cidr.js";
import type { AutoAssignArguments } from "./auto-assign.js";

const NO_POOLS: readonly Cidr[] = [];
const NO_LABELS = {};

/** What differs from one plain assignment to the next. */
export type PlainAssignment = Pick<
  AutoAssignArguments,
  "num4" | "num6" | "handle" | "attributes" | "host"
>;

/** Addresses for a pod that asks for nothing special: no pools, no limit, nothing reserved. */
export function plainAssignment(asked: PlainAssignment): AutoAssignArguments {
  const { num4, num6, handle, attributes, host } = asked;
  return {
    num4,
    num6,
    handle,
    attributes,
    host,
    pools4: NO_POOLS,
    pools6: NO_POOLS,
    maxBlocksPerHost: 0,
    reserved4: null,
    reserved6: null,
    use: "Workload",
    namespaceLabels: NO_LABELS,
  };
}
