import type { ApiResource } from "../../model/api-names.js";

/**
 * Assumed size of an object in a list, in bytes, of the resources that the simulated processes list:
 * the mean of the JSON of all such objects in eight clusters that Calico's client of v3.28.4 wrote
 * (`test/fixtures/golden-clusters`). Blocks grow with the addresses in use, by about 200 bytes each:
 * those of the clusters have 10 in use, and one of 64 that is full is five times as large. What a real
 * API server adds to every object (uid, times, managedFields) is not in it.
 */
export const ASSUMED_OBJECT_BYTES: Readonly<Partial<Record<ApiResource, number>>> = {
  ipamblocks: 2577,
  blockaffinities: 223,
  ipamhandles: 271,
  ippools: 199,
  ipreservations: 134,
};
