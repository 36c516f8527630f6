import type { CniAddress } from "./cni-request.js";

/** What a pod holds while its network is there. */
export interface Holding {
  readonly addresses: readonly CniAddress[];
  readonly borrowed: number;
}
