/** Ways to choose the node of a pod; `workload/placement.ts` holds what they do. */
export const PLACEMENT_NAMES = ["round-robin", "least-pods", "most-pods", "random"] as const;

export type PlacementName = (typeof PLACEMENT_NAMES)[number];
