/** The cluster-wide IPAM configuration (`libcalico-go/lib/backend/model/ipam_config.go@v3.28.4`). */
export interface IpamConfig {
  /** A node takes addresses only from its own blocks. */
  readonly strictAffinity: boolean;
  /** Blocks are claimed when needed. */
  readonly autoAllocateBlocks: boolean;
  /** Blocks a node may hold; 0 means no value (and then 20 is the rule of AutoAssign). */
  readonly maxBlocksPerHost: number;
  /** Since v3.32.0; absent before and where it was not set. */
  readonly kubeVirtVmAddressPersistence?: "Enabled" | "Disabled";
}

/** What the first read of a missing configuration creates. */
export const DEFAULT_IPAM_CONFIG: IpamConfig = {
  strictAffinity: false,
  autoAllocateBlocks: true,
  maxBlocksPerHost: 0,
};

export function isDefaultConfig(config: IpamConfig): boolean {
  return (
    config.strictAffinity === DEFAULT_IPAM_CONFIG.strictAffinity &&
    config.autoAllocateBlocks === DEFAULT_IPAM_CONFIG.autoAllocateBlocks &&
    config.maxBlocksPerHost === DEFAULT_IPAM_CONFIG.maxBlocksPerHost
  );
}
