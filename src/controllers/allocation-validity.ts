import { parseAddress } from "../model/address.js";
import type { PodLookup } from "../model/pod.js";
import type { Allocation } from "./allocation.js";

/**
 * Whether an allocation is still in use; whatever is in doubt is
 * (`kube-controllers/pkg/controllers/node/ipam.go@v3.28.4`). That v3.29.0 and later also look for
 * evicted pods changes nothing here: an evicted pod has failed, and a failed one holds no address.
 *
 * @param pod the pod of an allocation that is for one; the others are judged without.
 */
export function isInUse(allocation: Allocation, pod: PodLookup): boolean {
  if (allocation.purpose === "tunnel") return allocation.kubernetesNode !== "";
  if (allocation.purpose !== "pod") return true;
  if (pod === "failed") return true;
  if (pod === "notFound") return false;
  const { kubernetesNode } = allocation;
  if (pod.node !== "" && kubernetesNode !== "" && pod.node !== kubernetesNode) return false;
  if (pod.addresses.length === 0) return true;
  // A finished pod holds no address, whatever its status still shows.
  if (pod.phase === "Succeeded" || pod.phase === "Failed" || pod.isReleased) return false;
  if (pod.addresses.includes(allocation.address)) return true;
  const own = parseAddress(allocation.address);
  return pod.addresses.some((text) => {
    const address = parseAddress(text);
    return address === undefined || address === own;
  });
}
