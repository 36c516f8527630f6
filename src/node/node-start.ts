import type { CalicoError } from "../model/calico-error.js";
import type { CallContext, Steps } from "../protocol/environment.js";
import type { Ipam } from "../protocol/ipam.js";
import { WINDOWS_RESERVED } from "./ipam-plugin.js";
import { allocateTunnelAddresses } from "./tunnel-addresses.js";

/**
 * What calico-node asks of IPAM when it starts. Linux: addresses for the node's tunnels
 * (node/pkg/allocateip/allocateip.go@v3.28.4). Windows: a block, of which the host's network is made
 * (node/pkg/lifecycle/startup/startup_windows.go@v3.28.4). Any error ends the process, and the container
 * starts again.
 */
export function* startNode(
  ipam: Ipam,
  context: CallContext,
  nodeName: string,
): Steps<CalicoError | undefined> {
  if (!context.windows) return yield* allocateTunnelAddresses(ipam, context, nodeName);
  const { error } = yield* ipam.ensureBlock(context, {
    host: nodeName,
    pools4: [],
    pools6: [],
    reserved4: WINDOWS_RESERVED,
    reserved6: null,
  });
  return error ?? undefined;
}
