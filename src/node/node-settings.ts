import type { HostLockOptions } from "./host-lock.js";

/** How the nodes of a simulated cluster behave, and what their work costs. */
export interface NodeSettings {
  readonly windows: boolean;
  /** Starting one plugin process. An ADD or DEL starts two: `calico`, and that starts `calico-ipam`. */
  readonly processStartUs: number;
  /** Setting up the sandbox's interface after IPAM; on Windows under the node's network mutex. */
  readonly networkSetupUs: number;
  readonly lock: HostLockOptions;
  /** Pause of the kubelet before it tries again, and by which share it may be longer. */
  readonly retryUs: number;
  readonly retrySpread: number;
  /** After these times the runtime kills the plugin: ADD, DEL, and the DEL right after a failed ADD. */
  readonly addLimitUs: number;
  readonly delLimitUs: number;
  readonly cleanUpLimitUs: number;
}

/**
 * What no scenario changes: limits and jitter of kubelet and containerd (`runtimeRequestTimeout` 2 min,
 * twice that for RunPodSandbox; jitter 0.5 of `backOffPeriod`;
 * `io.containerd.timeout.cri.defercleanup`).
 */
export const RUNTIME_LIMITS = {
  retrySpread: 0.5,
  addLimitUs: 240_000_000,
  delLimitUs: 120_000_000,
  cleanUpLimitUs: 60_000_000,
};
