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
 * Limits and pauses are those of kubelet and containerd (`runtimeRequestTimeout` 2 min, twice that for
 * RunPodSandbox; `backOffPeriod` 10 s with jitter 0.5; `io.containerd.timeout.cri.defercleanup`).
 * The time of a process start is what the recorded bursts of the plugin showed; that the interface
 * costs nothing is assumed.
 */
export const DEFAULT_NODE_SETTINGS: NodeSettings = {
  windows: false,
  processStartUs: 50_000,
  networkSetupUs: 0,
  lock: { order: "arrival", wakeUpMaxUs: 100 },
  retryUs: 10_000_000,
  retrySpread: 0.5,
  addLimitUs: 240_000_000,
  delLimitUs: 120_000_000,
  cleanUpLimitUs: 60_000_000,
};
