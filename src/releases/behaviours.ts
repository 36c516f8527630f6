/**
 * What can differ between releases, as data: one named field a behaviour. The protocol asks these
 * fields and never a version number. `behaviour-catalogue.ts` tells what each value means and where
 * it is known from.
 */
export interface Behaviours {
  // Allocation: libcalico-go/lib/ipam.
  /** What an error of counting a handle up does to the assignment that caused it. */
  readonly handleIncrementError: "ignored" | "stops, wrapped" | "stops, unwrapped in AutoAssign";
  /** Deadline under which a handle count is taken back after a failed block write. */
  readonly handleCleanupDeadline: "caller's" | "at least 30 s";
  /** Whether affinities carry a type (host or virtual), shown in keys and errors. */
  readonly affinityTypes: boolean;
  /** Whether pools have an assignment mode, and Manual pools are used only when asked for. */
  readonly assignmentMode: boolean;
  /** Deadline of IPAM's pool lists. */
  readonly poolListDeadline: "none" | "caller's";
  /** Which pools ReleaseIPs looks at, and with how many lists. */
  readonly releaseIpsPools: "enabled, one list per IP version" | "all, one list";
  /** How often ReleaseIPs lists blocks for addresses that are in no pool. */
  readonly releaseIpsBlockLists: "one per address" | "one in all";
  /** Whether ReleaseIPs tells which addresses it released. */
  readonly releaseIpsReturnsReleased: boolean;
  /** How often ReleasePoolAffinities starts again after lost races. */
  readonly releasePoolAffinitiesRounds: 3 | 100;
  /** What ReleaseHostAffinities does without a host name. */
  readonly releaseHostAffinitiesEmptyHost: "fails for every block" | "uses the machine's name";
  /** Whether ReleaseByHandle, out of retries, removes an empty block of the load balancer. */
  readonly releaseByHandleLoadBalancerCleanup: boolean;
  /** Whether pools can select by the labels of the pod's namespace. */
  readonly namespaceSelector: boolean;
  /** Whether a pool that is being deleted still gives addresses. */
  readonly poolsBeingDeleted: "enabled" | "left out";
  /** Whether a pool with the condition Allocatable = False is left out. */
  readonly poolAllocatableCondition: boolean;
  /** Which requested pools EnsureBlock uses for IPv6. */
  readonly ensureBlockIpv6Pools: "the IPv4 ones, by mistake" | "the IPv6 ones";
  /** Whether a full node takes empty blocks away from other nodes. */
  readonly reclaimEmptyBlocks: "never" | "when older than 60 s";
  /** Whether "already exists" errors tell their inner error. */
  readonly existsErrorShowsInner: boolean;
  /** Whether the configuration has the KubeVirt field, which makes SetIPAMConfig always write. */
  readonly kubeVirtConfigField: boolean;
  /** What ReleaseAffinity answers when the pool list fails. */
  readonly releaseAffinityPoolListError: "not within any configured pools" | "the list's error";
  /** One cluster-wide lock around each whole operation (only the modelled pre-3.28.4). */
  readonly coarseAllocationLock: boolean;

  // Kubernetes datastore: libcalico-go/lib/backend/k8s.
  /** How the affinities of one host are found on the Kubernetes datastore. */
  readonly kubernetesAffinityLookup: "lists all of the cluster" | "by label";
  /** How affinities written by v3.29 and older, without type, are read on Kubernetes. */
  readonly untypedAffinities: "host" | "not seen";

  // CNI plugin: cni-plugin/pkg/ipamplugin.
  /** When the 90 s of an ADD start. */
  readonly cniAddTimer: "before the lock" | "after the lock";
  /** When the 90 s of a DEL start. */
  readonly cniDelTimer: "before the lock" | "after the lock";
  /** Whether the plugin reads the pod's namespace before it takes the lock. */
  readonly cniNamespaceGet: boolean;
  /** When the plugin lists pools to turn pool names into cidrs, for each IP version. */
  readonly cniPoolLists: "always" | "when pools are asked for";
  /** Deadlines of an ADD's resolution of pools and of its clean-up after half a success. */
  readonly cniStepDeadlines: "the ADD's 90 s" | "30 s each";
  /** Whether the plugin first asks the API server which API groups there are. */
  readonly cniDiscovery: boolean;
  /** Whether the plugin's result lists a route for each address. */
  readonly cniResultRoutes: boolean;

  // Node start: node/pkg/allocateip.
  /** When the addresses of a node's tunnels are written to the node. */
  readonly tunnelNodeUpdates: "each by itself" | "all at the end, if any changed";
  /** Whether a pool that is being deleted still gives tunnel addresses. */
  readonly tunnelPoolsBeingDeleted: "enabled" | "left out";

  // Garbage collection: kube-controllers/pkg/controllers/node.
  /** Which empty blocks of a node with several blocks are given up. */
  readonly gcEmptyBlockRule: "if the node's other blocks have 3 free addresses" | "all";
  /** Since when a block counts as empty after it was used again. */
  readonly gcEmptySince: "the first time it was empty" | "the last time it became empty";
  /** What the collector's pod cache keeps. */
  readonly gcPodCache: "whole pods" | "pods without deletion timestamp and status reason";
  /** Whether the addresses of evicted pods are leaks. */
  readonly gcEvictedPodsLeak: boolean;
  /** Which nodes a triggered sync checks. */
  readonly gcScope: "all nodes" | "nodes that changed";
  /** Whether the deletion of a pod triggers a sync. */
  readonly gcPodDeletionTriggers: boolean;
  /** How events are gathered before a sync. */
  readonly gcGathering: "until none waits" | "for 1 s or about 500 deletions" | "for 1 s";
  /** How a confirmed leak is checked for the last time. */
  readonly gcFinalCheck: "asks for the pod" | "asks for the pod while its node is known";
  /** How confirmed leaks are released. */
  readonly gcRelease: "one address a call" | "up to 10,000 addresses a call";
  /** What follows when a sync leaves confirmed leaks unreleased. */
  readonly gcRemainingLeaks: "nothing" | "another sync at once" | "another sync, with back-off";
  /** What follows an error in a triggered sync. */
  readonly gcRetry: "at once" | "back-off, never reset" | "back-off";
  /** Whether entries of deleted blocks stay in the collector's indexes. */
  readonly gcStaleEntries: boolean;
  /** What a sync does before it cleans up a node that is gone. */
  readonly gcNodeCleanupWait: "5 ms to 30 s" | "none";
  /** Whether one failing node keeps all nodes dirty. */
  readonly gcFailureScope: "whole sync" | "the node";
  /** Limits of the collector's clients: Calico client, Kubernetes client. */
  readonly gcClientLimits: "5/s and 5/s" | "500/s and 100/s";
  /** Whether metrics are published before the watches have delivered everything once. */
  readonly gcMetricsBeforeInSync: boolean;
  /** What a pool that is being deleted is to the metrics. */
  readonly gcPoolsBeingDeleted: "pools" | "gone";
}
