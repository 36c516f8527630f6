import { parseAddress } from "../model/address.js";
import type { Allocation } from "./allocation.js";
import type { PodLookup } from "./cluster-view.js";

/**
 * Whether an allocation is still in use; whatever is in doubt is
 * (`kube-controllers/pkg/controllers/node/ipam.go@v3.28.4`).
 *
 * @param lookUp finds the pod, in the cache or past it.
 */
export function isInUse(
  allocation: Allocation,
  lookUp: (namespace: string, name: string) => PodLookup,
): boolean {
  if (allocation.purpose === "tunnel") return allocation.kubernetesNode !== "";
  if (allocation.purpose !== "pod") return true;
  const pod = lookUp(allocation.namespace, allocation.pod);
  if (pod === "failed") return true;
  if (pod === "notFound") return false;
  const { kubernetesNode } = allocation;
  if (pod.node !== "" && kubernetesNode !== "" && pod.node !== kubernetesNode) return false;
  if (pod.addresses.length === 0) return true;
  // A finished pod holds no address, whatever its status still shows.
  if (pod.phase === "Succeeded" || pod.phase === "Failed" || pod.isReleased) return false;
  const own = parseAddress(allocation.address);
  return pod.addresses.some((text) => {
    const address = parseAddress(text);
    return address === undefined || address === own;
  });
}
