/**
 * What operators read when the plugin fails: the wrapping of libcni, containerd and kubelet around
 * Calico's own text.
 */

/** The event FailedCreatePodSandBox of a failed ADD. */
export function failedSandboxText(sandbox: string, calicoText: string): string {
  return (
    "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for " +
    `sandbox "${sandbox}": plugin type="calico" failed (add): ${calicoText}`
  );
}

/** The event when the runtime's limit passes first. */
export const SANDBOX_LIMIT_TEXT =
  "Failed to create pod sandbox: rpc error: code = DeadlineExceeded desc = context deadline exceeded";

/** The error of StopPodSandbox after a failed DEL. */
export function failedTeardownText(sandbox: string, calicoText: string): string {
  return (
    `rpc error: code = Unknown desc = failed to destroy network for sandbox "${sandbox}": ` +
    `plugin type="calico" failed (delete): ${calicoText}`
  );
}
