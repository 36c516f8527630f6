import type { Behaviours } from "./behaviours.js";

/** Part of Calico that a behaviour belongs to. */
export type Area =
  | "allocation"
  | "Kubernetes datastore"
  | "CNI plugin"
  | "node start"
  | "garbage collection";

/** One change of a behaviour: the first tag with it in every release line, and what it is since. */
export interface BehaviourChange<V> {
  readonly since: readonly string[];
  /** Later lines that branched off without it. */
  readonly notIn?: readonly string[];
  readonly value: V;
  /** `path@tag` or pull request. */
  readonly source: string;
  /** What a user sees of the change. */
  readonly effect: string;
}

export interface BehaviourRecord<K extends keyof Behaviours> {
  readonly area: Area;
  /** What the behaviour is about, in one line. */
  readonly meaning: string;
  /** Value of the oldest release that ipamlab models. */
  readonly first: Behaviours[K];
  readonly source: string;
  /** In order of release; the last one that a release has decides. */
  readonly changes: readonly BehaviourChange<Behaviours[K]>[];
}

type Catalogue = { readonly [K in keyof Behaviours]: BehaviourRecord<K> };

const IPAM = "libcalico-go/lib/ipam/ipam.go";
const PLUGIN = "cni-plugin/pkg/ipamplugin/ipam_plugin.go";
const TUNNELS = "node/pkg/allocateip/allocateip.go";
const GC = "kube-controllers/pkg/controllers/node/ipam.go";

/**
 * Every behaviour that differs between the releases, in the order in which it is printed. Adding a
 * release means adding its changes here, with their sources.
 */
export const BEHAVIOUR_CATALOGUE: Catalogue = {
  handleIncrementError: {
    area: "allocation",
    meaning: "what an error of counting a handle up does to the assignment",
    first: "ignored",
    source: `${IPAM}@v3.28.4`,
    changes: [
      {
        since: ["v3.29.7", "v3.30.4", "v3.31.0"],
        value: "stops, wrapped",
        source: `${IPAM}@v3.29.7 (#10658, #11097, #11096)`,
        effect:
          "an address is no longer written without its handle, so DEL finds it again; before, only " +
          "garbage collection freed it",
      },
      {
        since: ["v3.32.0"],
        value: "stops, unwrapped in AutoAssign",
        source: `${IPAM}@v3.32.1`,
        effect: "a conflict while counting the handle is tried again instead of given up",
      },
    ],
  },
  handleCleanupDeadline: {
    area: "allocation",
    meaning: "deadline of taking a handle count back after a failed block write",
    first: "caller's",
    source: `${IPAM}@v3.28.4`,
    changes: [
      {
        since: ["v3.29.7", "v3.30.4", "v3.31.0"],
        value: "at least 30 s",
        source: `${IPAM}@v3.29.7 (#10658, #11097, #11096)`,
        effect:
          "an ADD that times out while it writes its block no longer leaves a handle without address",
      },
    ],
  },
  affinityTypes: {
    area: "allocation",
    meaning: "affinities carry a type, host or virtual (for load balancers)",
    first: false,
    source: "libcalico-go/lib/backend/model/block_affinity.go@v3.28.4",
    changes: [
      {
        since: ["v3.30.0"],
        value: true,
        source: "libcalico-go/lib/backend/model/block_affinity.go@v3.30.0 (#9221)",
        effect:
          "load balancer addresses come from blocks of a virtual owner; error texts show the type",
      },
    ],
  },
  assignmentMode: {
    area: "allocation",
    meaning: "pools have an assignment mode; Manual pools are used only when asked for",
    first: false,
    source: `${IPAM}@v3.28.4`,
    changes: [
      {
        since: ["v3.30.0"],
        value: true,
        source: `${IPAM}@v3.30.0 (#9221, #9902)`,
        effect: "a pool can be kept for requests that name it",
      },
    ],
  },
  poolListDeadline: {
    area: "allocation",
    meaning: "deadline of IPAM's pool lists",
    first: "none",
    source: "libcalico-go/lib/ipam/pools.go@v3.28.4",
    changes: [
      {
        since: ["v3.30.0"],
        value: "caller's",
        source: "libcalico-go/lib/clientv3/client.go@v3.30.0 (#9897)",
        effect: "an operation out of time ends at its next pool list too",
      },
    ],
  },
  releaseIpsPools: {
    area: "allocation",
    meaning: "which pools ReleaseIPs looks at",
    first: "enabled, one list per IP version",
    source: `${IPAM}@v3.28.4`,
    changes: [
      {
        since: ["v3.30.4", "v3.31.0"],
        value: "all, one list",
        source: `${IPAM}@v3.30.4 (#10973, #11095, #11094)`,
        effect:
          "one request less per release, and addresses of a disabled pool are found without listing " +
          "all blocks",
      },
    ],
  },
  releaseIpsBlockLists: {
    area: "allocation",
    meaning: "how often ReleaseIPs lists blocks for addresses in no pool",
    first: "one per address",
    source: `${IPAM}@v3.28.4`,
    changes: [
      {
        since: ["v3.30.4", "v3.31.0"],
        value: "one in all",
        source: `${IPAM}@v3.30.4 (#10973, #11095, #11094)`,
        effect: "cleaning up after a deleted pool costs one block list, not one an address",
      },
    ],
  },
  releaseIpsReturnsReleased: {
    area: "allocation",
    meaning: "ReleaseIPs tells which addresses it released",
    first: false,
    source: `${IPAM}@v3.28.4`,
    changes: [
      {
        since: ["v3.31.0"],
        value: true,
        source: `${IPAM}@v3.31.0 (#10333)`,
        effect: "garbage collection can release in bulk and keep only what failed",
      },
    ],
  },
  releasePoolAffinitiesRounds: {
    area: "allocation",
    meaning: "how often ReleasePoolAffinities starts again after lost races",
    first: 3,
    source: `${IPAM}@v3.28.4`,
    changes: [
      {
        since: ["v3.30.5", "v3.31.1"],
        value: 100,
        source: `${IPAM}@v3.30.5 (#11179, #11196, #11233)`,
        effect: "deleting a pool of a busy cluster no longer fails with Max retries hit",
      },
    ],
  },
  releaseHostAffinitiesEmptyHost: {
    area: "allocation",
    meaning: "what ReleaseHostAffinities does without a host name",
    first: "fails for every block",
    source: `${IPAM}@v3.28.4`,
    changes: [
      {
        since: ["v3.30.0"],
        value: "uses the machine's name",
        source: `${IPAM}@v3.30.0`,
        effect: "releasing one's own blocks works without naming the host",
      },
    ],
  },
  releaseByHandleLoadBalancerCleanup: {
    area: "allocation",
    meaning: "ReleaseByHandle, out of retries, removes an empty block of the load balancer",
    first: false,
    source: `${IPAM}@v3.28.4`,
    changes: [
      {
        since: ["v3.30.0"],
        value: true,
        source: `${IPAM}@v3.30.0 (#9221)`,
        effect: "up to 100 more reads of a block that keeps conflicting",
      },
    ],
  },
  namespaceSelector: {
    area: "allocation",
    meaning: "pools can select by the labels of the pod's namespace",
    first: false,
    source: `${IPAM}@v3.28.4`,
    changes: [
      {
        since: ["v3.31.0"],
        value: true,
        source: `${IPAM}@v3.31.0 (#10888)`,
        effect: "namespaces can be given pools of their own",
      },
    ],
  },
  poolsBeingDeleted: {
    area: "allocation",
    meaning: "whether a pool that is being deleted still gives addresses",
    first: "enabled",
    source: "libcalico-go/lib/clientv3/client.go@v3.28.4",
    changes: [
      {
        since: ["v3.31.0"],
        value: "left out",
        source: "libcalico-go/lib/clientv3/client.go@v3.31.0 (#10248)",
        effect: "no new addresses from a pool once its deletion was asked for",
      },
    ],
  },
  poolAllocatableCondition: {
    area: "allocation",
    meaning: "a pool with the condition Allocatable = False is left out",
    first: false,
    source: "libcalico-go/lib/clientv3/client.go@v3.28.4",
    changes: [
      {
        since: ["v3.32.0"],
        value: true,
        source: "libcalico-go/lib/clientv3/client.go@v3.32.0 (#11775)",
        effect: "no addresses from a pool that overlaps another one",
      },
    ],
  },
  ensureBlockIpv6Pools: {
    area: "allocation",
    meaning: "which requested pools EnsureBlock uses for IPv6",
    first: "the IPv4 ones, by mistake",
    source: `${IPAM}@v3.28.4`,
    changes: [
      {
        since: ["v3.31.7"],
        notIn: ["v3.32"],
        value: "the IPv6 ones",
        source: `${IPAM}@v3.31.7 (#13197, #13215)`,
        effect: "Windows nodes with requested IPv6 pools get their block",
      },
    ],
  },
  reclaimEmptyBlocks: {
    area: "allocation",
    meaning: "a node without blocks to claim takes empty blocks from other nodes",
    first: "never",
    source: "libcalico-go/lib/ipam/ipam_block_reader_writer.go@v3.28.4",
    changes: [
      {
        since: ["v3.32.0"],
        value: "when older than 60 s",
        source: "libcalico-go/lib/ipam/ipam_block_reader_writer.go@v3.32.0 (#11149)",
        effect:
          "a pool whose blocks are all claimed is not exhausted while some of them are empty; before, " +
          "they were stranded until garbage collection",
      },
    ],
  },
  existsErrorShowsInner: {
    area: "allocation",
    meaning: '"already exists" errors tell their inner error',
    first: false,
    source: "libcalico-go/lib/errors/errors.go@v3.28.4",
    changes: [
      {
        since: ["v3.32.0"],
        value: true,
        source: "libcalico-go/lib/errors/errors.go@v3.32.0 (#10295)",
        effect: "log lines end in: with error: Address already assigned in block",
      },
    ],
  },
  kubeVirtConfigField: {
    area: "allocation",
    meaning: "the configuration has the KubeVirt field, compared as a pointer",
    first: false,
    source: "libcalico-go/lib/backend/model/ipam_config.go@v3.28.4",
    changes: [
      {
        since: ["v3.32.0"],
        value: true,
        source: "libcalico-go/lib/backend/model/ipam_config.go@v3.32.0 (#11865)",
        effect: "setting the configuration writes even when nothing changes",
      },
    ],
  },
  releaseAffinityPoolListError: {
    area: "allocation",
    meaning: "what ReleaseAffinity answers when the pool list fails",
    first: "not within any configured pools",
    source: `${IPAM}@v3.27.5`,
    changes: [
      {
        since: ["v3.28.0"],
        value: "the list's error",
        source: `${IPAM}@v3.28.0 (#8280)`,
        effect: "the log names the real fault",
      },
    ],
  },
  coarseAllocationLock: {
    area: "allocation",
    meaning: "one cluster-wide lock around each whole operation",
    first: false,
    source: `${IPAM}@v3.28.3: no release has such a lock; only the modelled pre-3.28.4 does`,
    changes: [],
  },
  kubernetesAffinityLookup: {
    area: "Kubernetes datastore",
    meaning: "how the affinities of one host are found",
    first: "lists all of the cluster",
    source: "libcalico-go/lib/backend/k8s/resources/ipam_affinity.go@v3.28.4",
    changes: [
      {
        since: ["v3.31.0"],
        value: "by label",
        source: "libcalico-go/lib/backend/k8s/resources/ipam_affinity.go@v3.31.0 (#10855)",
        effect: "an allocation no longer reads every affinity of the cluster",
      },
    ],
  },
  untypedAffinities: {
    area: "Kubernetes datastore",
    meaning: "how affinities written by v3.29 and older are read",
    first: "host",
    source: "libcalico-go/lib/backend/k8s/resources/ipam_affinity.go@v3.28.4",
    changes: [
      {
        since: ["v3.30.0"],
        value: "not seen",
        source: "libcalico-go/lib/backend/k8s/resources/ipam_affinity.go@v3.30.0",
        effect: "after an upgrade a node does not find its own blocks and claims new ones",
      },
      {
        since: ["v3.30.5", "v3.31.1"],
        value: "host",
        source:
          "libcalico-go/lib/backend/k8s/resources/ipam_affinity.go@v3.30.5 (#11179, #11196, #11233)",
        effect: "blocks of before the upgrade are found again",
      },
    ],
  },
  cniAddTimer: {
    area: "CNI plugin",
    meaning: "when the 90 s of an ADD start",
    first: "before the lock",
    source: `${PLUGIN}@v3.28.4`,
    changes: [
      {
        since: ["v3.29.7", "v3.30.4", "v3.31.0"],
        value: "after the lock",
        source: `${PLUGIN}@v3.29.7 (#10658, #11097, #11096)`,
        effect: "waiting for other pods on the node no longer makes an ADD time out",
      },
    ],
  },
  cniDelTimer: {
    area: "CNI plugin",
    meaning: "when the 90 s of a DEL start",
    first: "before the lock",
    source: `${PLUGIN}@v3.28.4`,
    changes: [
      {
        since: ["v3.30.7", "v3.31.5", "v3.32.0"],
        value: "after the lock",
        source: `${PLUGIN}@v3.30.7 (#11824, #11943, #11942)`,
        effect: "waiting for other pods on the node no longer makes a DEL time out",
      },
    ],
  },
  cniNamespaceGet: {
    area: "CNI plugin",
    meaning: "the plugin reads the pod's namespace before it takes the lock",
    first: false,
    source: `${PLUGIN}@v3.28.4`,
    changes: [
      {
        since: ["v3.31.0"],
        value: true,
        source: `${PLUGIN}@v3.31.0 (#10888)`,
        effect: "one more request per ADD",
      },
    ],
  },
  cniPoolLists: {
    area: "CNI plugin",
    meaning: "when the plugin lists pools to turn pool names into cidrs",
    first: "always",
    source: "cni-plugin/internal/pkg/utils/utils.go@v3.28.4",
    changes: [
      {
        since: ["v3.30.0"],
        value: "when pools are asked for",
        source: "cni-plugin/internal/pkg/utils/utils.go@v3.30.0 (#9891)",
        effect: "two requests less per ADD",
      },
    ],
  },
  cniStepDeadlines: {
    area: "CNI plugin",
    meaning: "deadlines of an ADD's pool resolution and of its clean-up after half a success",
    first: "the ADD's 90 s",
    source: `${PLUGIN}@v3.28.4`,
    changes: [
      {
        since: ["v3.29.7", "v3.30.4", "v3.31.0"],
        value: "30 s each",
        source: `${PLUGIN}@v3.29.7 (#10658, #11097, #11096)`,
        effect: "a slow step no longer eats the time of the others",
      },
    ],
  },
  cniDiscovery: {
    area: "CNI plugin",
    meaning: "the plugin asks the API server which API groups there are",
    first: false,
    source: "recordings of cni-plugin@v3.28.4",
    changes: [
      {
        since: ["v3.32.0"],
        value: true,
        source: "recordings of cni-plugin@v3.32.1",
        effect: "two requests more per process",
      },
    ],
  },
  cniResultRoutes: {
    area: "CNI plugin",
    meaning: "the plugin's result lists a route for each address",
    first: false,
    source: `${PLUGIN}@v3.28.4`,
    changes: [
      {
        since: ["v3.32.0"],
        value: true,
        source: `${PLUGIN}@v3.32.0`,
        effect: "no other than the longer result",
      },
    ],
  },
  tunnelNodeUpdates: {
    area: "node start",
    meaning: "when the addresses of a node's tunnels are written to the node",
    first: "each by itself",
    source: `${TUNNELS}@v3.28.4`,
    changes: [
      {
        since: ["v3.30.0"],
        value: "all at the end, if any changed",
        source: `${TUNNELS}@v3.30.0`,
        effect: "fewer requests when a node starts, and none that change nothing",
      },
    ],
  },
  tunnelPoolsBeingDeleted: {
    area: "node start",
    meaning: "whether a pool that is being deleted still gives tunnel addresses",
    first: "enabled",
    source: `${TUNNELS}@v3.28.4`,
    changes: [
      {
        since: ["v3.32.0"],
        value: "left out",
        source: `${TUNNELS}@v3.32.0`,
        effect: "nodes leave a pool that is being deleted, and their starts no longer fail on it",
      },
    ],
  },
  gcEmptyBlockRule: {
    area: "garbage collection",
    meaning: "which empty blocks of a node with several blocks are given up",
    first: "if the node's other blocks have 3 free addresses",
    source: `${GC}@v3.27.5`,
    changes: [
      {
        since: ["v3.28.0"],
        value: "all",
        source: `${GC}@v3.28.0 (#8454)`,
        effect:
          "a node whose other blocks are full loses its empty block too, and claims one again for " +
          "its next pod",
      },
    ],
  },
  gcEmptySince: {
    area: "garbage collection",
    meaning: "since when a block counts as empty after it was used again",
    first: "the first time it was empty",
    source: `${GC}@v3.27.5`,
    changes: [
      {
        since: ["v3.28.0"],
        value: "the last time it became empty",
        source: `${GC}@v3.28.0 (#8454)`,
        effect: "a block that was in use a moment ago is kept for the whole grace period",
      },
    ],
  },
  gcPodCache: {
    area: "garbage collection",
    meaning: "what the collector's pod cache keeps",
    first: "whole pods",
    source: `${GC}@v3.28.4`,
    changes: [
      {
        since: ["v3.31.0"],
        value: "pods without deletion timestamp and status reason",
        source: "kube-controllers/pkg/converter/transformer.go@v3.31.0 (#10402)",
        effect: "less memory; a terminating pod owns its address until its phase or object goes",
      },
    ],
  },
  gcEvictedPodsLeak: {
    area: "garbage collection",
    meaning: "addresses of evicted pods count as leaked",
    first: false,
    source: `${GC}@v3.28.4`,
    changes: [
      {
        since: ["v3.29.0"],
        value: true,
        source: `${GC}@v3.29.0 (#7713)`,
        effect:
          "nearly none: a Failed pod owned no address before either; only one that cannot be read " +
          "is affected",
      },
    ],
  },
  gcScope: {
    area: "garbage collection",
    meaning: "which nodes a triggered sync checks",
    first: "all nodes",
    source: `${GC}@v3.28.4`,
    changes: [
      {
        since: ["v3.30.0"],
        value: "nodes that changed",
        source: `${GC}@v3.30.0 (#9654)`,
        effect: "a sync costs what changed, not what exists",
      },
    ],
  },
  gcPodDeletionTriggers: {
    area: "garbage collection",
    meaning: "the deletion of a pod triggers a sync of its node",
    first: false,
    source: `${GC}@v3.28.4`,
    changes: [
      {
        since: ["v3.30.0"],
        value: true,
        source: `${GC}@v3.30.0 (#9654)`,
        effect: "the grace period of a leak starts when its pod goes, not at the next event",
      },
    ],
  },
  gcGathering: {
    area: "garbage collection",
    meaning: "how events of one kind are gathered before a sync",
    first: "until none waits",
    source: `${GC}@v3.28.4`,
    changes: [
      {
        since: ["v3.30.0"],
        value: "for 1 s or about 500 deletions",
        source: `${GC}@v3.30.0 (#9654)`,
        effect: "at most about one sync a second",
      },
      {
        since: ["v3.31.0"],
        value: "for 1 s",
        source: `${GC}@v3.31.0`,
        effect: "deletions are gathered up to 1,000 at a time, as updates are",
      },
    ],
  },
  gcFinalCheck: {
    area: "garbage collection",
    meaning: "how a confirmed leak is checked for the last time",
    first: "asks for the pod",
    source: `${GC}@v3.28.4`,
    changes: [
      {
        since: ["v3.31.0"],
        value: "asks for the pod while its node is known",
        source: `${GC}@v3.31.0 (#10333)`,
        effect: "addresses of deleted nodes are freed without one request a pod",
      },
    ],
  },
  gcRelease: {
    area: "garbage collection",
    meaning: "how confirmed leaks are released",
    first: "one address a call",
    source: `${GC}@v3.28.4`,
    changes: [
      {
        since: ["v3.31.0"],
        value: "up to 10,000 addresses a call",
        source: `${GC}@v3.31.0 (#10333)`,
        effect: "thousands of leaked addresses are freed in one sync",
      },
    ],
  },
  gcRemainingLeaks: {
    area: "garbage collection",
    meaning: "what follows when a sync leaves confirmed leaks unreleased",
    first: "nothing",
    source: `${GC}@v3.28.4`,
    changes: [
      {
        since: ["v3.31.0"],
        value: "another sync at once",
        source: `${GC}@v3.31.0 (#10333)`,
        effect: "more than 10,000 leaks are freed at a stretch; one that cannot be freed spins",
      },
      {
        since: ["v3.31.6", "v3.32.0"],
        value: "another sync, with back-off",
        source: `${GC}@v3.31.6 (#11906, #12746)`,
        effect: "a leak that cannot be freed costs a sync every 30 s, not all the time",
      },
    ],
  },
  gcRetry: {
    area: "garbage collection",
    meaning: "what follows an error in a triggered sync",
    first: "at once",
    source: `${GC}@v3.28.4`,
    changes: [
      {
        since: ["v3.31.0"],
        value: "back-off, never reset",
        source: `${GC}@v3.31.0 (#10314)`,
        effect: "a failing sync no longer spins, but every error ever makes the delay longer",
      },
      {
        since: ["v3.31.5", "v3.32.0"],
        value: "back-off",
        source: `${GC}@v3.31.5 (#12279, #12289, #12290)`,
        effect: "the delay starts anew after a sync without error",
      },
    ],
  },
  gcStaleEntries: {
    area: "garbage collection",
    meaning: "entries of deleted blocks stay in the collector's indexes",
    first: true,
    source: `${GC}@v3.28.4`,
    changes: [
      {
        since: ["v3.31.5", "v3.32.0"],
        value: false,
        source: `${GC}@v3.31.5 (#12277, #12286, #12287)`,
        effect: "no requests for addresses of blocks that are gone",
      },
    ],
  },
  gcNodeCleanupWait: {
    area: "garbage collection",
    meaning: "how long a sync waits before it cleans up a node that is gone",
    first: "5 ms to 30 s",
    source: `${GC}@v3.28.4`,
    changes: [
      {
        since: ["v3.31.0"],
        value: "none",
        source: `${GC}@v3.31.0 (#10314)`,
        effect: "one node that cannot be cleaned no longer makes collection wait",
      },
    ],
  },
  gcFailureScope: {
    area: "garbage collection",
    meaning: "what one failing node keeps from being marked clean",
    first: "whole sync",
    source: `${GC}@v3.28.4`,
    changes: [
      {
        since: ["v3.31.6", "v3.32.0"],
        value: "the node",
        source: `${GC}@v3.31.6 (#11906, #12746)`,
        effect: "one node that cannot be cleaned no longer holds up the others",
      },
    ],
  },
  gcClientLimits: {
    area: "garbage collection",
    meaning: "request limits of the collector's clients: Calico client and Kubernetes client",
    first: "5/s and 5/s",
    source: "kube-controllers/pkg/config/runconfig.go@v3.28.4",
    changes: [
      {
        since: ["v3.31.0"],
        value: "500/s and 100/s",
        source: "kube-controllers/pkg/config/runconfig.go@v3.31.0 (#10333)",
        effect: "collection is no longer held to five requests a second",
      },
    ],
  },
  gcMetricsBeforeInSync: {
    area: "garbage collection",
    meaning: "metrics are published before the watches have delivered everything once",
    first: true,
    source: `${GC}@v3.28.4`,
    changes: [
      {
        since: ["v3.30.0"],
        value: false,
        source: `${GC}@v3.30.0 (#9654)`,
        effect: "no dip of the gauges after a restart of kube-controllers",
      },
    ],
  },
  gcPoolsBeingDeleted: {
    area: "garbage collection",
    meaning: "what a pool that is being deleted is to the collector's metrics",
    first: "pools",
    source: "kube-controllers/pkg/controllers/node/pool_manager.go@v3.28.4",
    changes: [
      {
        since: ["v3.32.0"],
        value: "gone",
        source: `${GC}@v3.32.0`,
        effect: "the pool's series end when its deletion starts",
      },
    ],
  },
};
