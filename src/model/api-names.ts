/** What an API request does. LIST is a GET of one page; the etcd mode uses the same words. */
export const API_VERBS = ["GET", "LIST", "POST", "PUT", "DELETE", "PATCH"] as const;
export type ApiVerb = (typeof API_VERBS)[number];

/** Resources that the simulated processes read and write, as their paths name them. */
export const API_RESOURCE_NAMES = [
  "ipamblocks",
  "blockaffinities",
  "ipamhandles",
  "ipamconfigs",
  "ippools",
  "ipreservations",
  "nodes",
  "namespaces",
  "pods",
  "clusterinformations",
  "discovery",
] as const;
export type ApiResource = (typeof API_RESOURCE_NAMES)[number];
