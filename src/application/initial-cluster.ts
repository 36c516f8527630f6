import { hostsOf } from "../cluster-state/dumped-hosts.js";
import { ruleOfPod } from "../cluster-state/initial-pods.js";
import { loadClaims, type LoadedCluster, type LoadedPod } from "../cluster-state/load-cluster.js";
import { SeedError, seedCluster } from "../cluster-state/seed-cluster.js";
import { tunnelsByNode } from "../cluster-state/tunnels.js";
import type { MemoryDatastore } from "../datastore/memory.js";
import { BadInput } from "../failure/failure.js";
import type { ClusterDump } from "../formats/cluster/cluster-dump.js";
import { readClusterDump } from "../formats/cluster/read-cluster-dump.js";
import type { SimulationResult } from "../formats/result/simulation-result.js";
import type { Scenario } from "../formats/scenario/scenario.js";
import type { Seed } from "../formats/scenario/seed-schema.js";
import type { TextSourceOptions } from "../formats/text-source.js";
import type { AddressNumber } from "../model/address.js";
import type { RandomStreams } from "../simulation/random-streams.js";
import { noCounts } from "../workload/group-counts.js";
import { createDurationSampler } from "../workload/lifetime.js";
import type { PodOwner } from "../workload/pod.js";
import type { ClusterNode } from "../workload/pod-network.js";
import type { WorkloadHost } from "../workload/workload-host.js";
import type { RunState } from "./model-run.js";

/** What pods of an initial state are put into. */
interface InitialWorld {
  readonly state: RunState;
  readonly host: WorkloadHost;
  /** The scenario's nodes, which have joined. */
  readonly nodes: readonly ClusterNode[];
  readonly random: RandomStreams;
}

/** The dump that the seeds make. Throws BadInput for one that does not fit into the cluster. */
function seed(seeds: readonly Seed[], { file, pools, nodes }: Scenario): ClusterDump {
  try {
    return seedCluster(seeds, { pools, nodes });
  } catch (error) {
    if (!(error instanceof SeedError)) throw error;
    const field = `initialState.seed[${error.index}]`;
    throw new BadInput({ file, field, message: error.message });
  }
}

/** Puts the scenario's nodes that a cluster had into the datastore, with their tunnels. */
function setNodes(dump: ClusterDump, { nodes }: Scenario, datastore: MemoryDatastore): void {
  const known = new Set(
    dump.kinds.has("Node") ? dump.nodes.map(({ name }) => name) : hostsOf(dump),
  );
  const tunnels = tunnelsByNode(dump);
  for (const { name, labels } of nodes) {
    if (!known.has(name)) continue;
    datastore.setNode({ name, labels, tunnelAddresses: tunnels.get(name) ?? {} });
  }
}

/** The state of a cluster, as the beginning of a run. */
export class InitialCluster {
  readonly #owner: PodOwner;
  #state: RunState | undefined;
  #pods = 0;
  #podAddresses = 0;
  #podsForEver = 0;

  private constructor(
    /** What it was read from. */
    readonly dump: ClusterDump,
    private readonly loaded: LoadedCluster,
    private readonly scenario: Scenario,
  ) {
    this.#owner = { name: "initial-state", namespace: "", counts: noCounts(), listener: {} };
  }

  /**
   * Reads the scenario's dump or makes its seeds, and puts the blocks, affinities and handles into the
   * run's datastore, and the nodes of a dump. To be called before the nodes join.
   *
   * @returns undefined when the scenario starts from nothing.
   * @throws BadInput for a dump that cannot be read and for seeds that do not fit.
   */
  static async load(
    scenario: Scenario,
    datastore: MemoryDatastore,
    { stdin }: TextSourceOptions,
  ): Promise<InitialCluster | undefined> {
    const { initialState } = scenario;
    if (initialState === undefined) return undefined;
    const isSeeded = initialState.seed.length > 0;
    const dump = isSeeded
      ? seed(initialState.seed, scenario)
      : await readClusterDump(initialState.dump, { stdin });
    const loaded = loadClaims(dump, datastore);
    if (!isSeeded) setNodes(dump, scenario, datastore);
    return new InitialCluster(dump, loaded, scenario);
  }

  /**
   * Puts the pods on the nodes. Pods of other nodes are taken for gone: their addresses stay
   * allocated.
   */
  begin({ state, host, nodes, random }: InitialWorld): void {
    const { loaded } = this;
    const rules = this.scenario.initialState?.pods ?? [];
    const nodeByName = new Map(nodes.map((node) => [node.name, node]));
    const others: AddressNumber[] = [...loaded.otherAddresses];
    const staying = loaded.pods.filter(({ node, addresses }) => {
      if (nodeByName.has(node)) return true;
      others.push(...addresses);
      return false;
    });
    state.takeOver(others);
    const samplers = rules.map(({ lifetime }, i) =>
      createDurationSampler(lifetime, random.stream(`initial-state/${i}`)),
    );
    const names = new Set<string>();
    for (const pod of staying) {
      let name = `${pod.namespace}/${pod.name}`;
      while (names.has(name)) name += "'";
      names.add(name);
      const rule = ruleOfPod(rules, pod);
      const lifetimeUs = samplers[rule]?.() ?? Infinity;
      // A colon is in no name of the workload's own pods.
      const placed = { name: `initial:${name}`, node: nodeByName.get(pod.node)!, lifetimeUs };
      const { handle, addresses, blocks } = pod;
      host.adopt(this.#owner, placed, { identity: pod, handle: handle ?? "", addresses, blocks });
      this.#count(pod, lifetimeUs);
    }
    state.beginFromInitialState(loaded.inconsistentBlocks);
    this.#state = state;
  }

  #count(pod: LoadedPod, lifetimeUs: number): void {
    this.#pods++;
    this.#podAddresses += pod.addresses.length;
    if (lifetimeUs === Infinity) this.#podsForEver++;
  }

  summary(): NonNullable<SimulationResult["initialState"]> {
    const { blocks, allocated, leftOut } = this.loaded;
    return {
      blocks,
      pods: this.#pods,
      podsEnded: this.#owner.counts.removed,
      podsForEver: this.#podsForEver,
      podAddresses: this.#podAddresses,
      otherAddresses: allocated - this.#podAddresses,
      leftOut: [...leftOut],
      contradiction: this.#state?.contradiction ?? null,
      duplicates: this.#state?.duplicates ?? 0,
    };
  }
}
