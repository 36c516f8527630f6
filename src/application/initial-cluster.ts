import { ruleOfPod } from "../cluster-state/initial-pods.js";
import { loadClaims, type LoadedCluster, type LoadedPod } from "../cluster-state/load-cluster.js";
import { SeedError, seedCluster } from "../cluster-state/seed-cluster.js";
import { BadInput } from "../failure/failure.js";
import type { ClusterDump } from "../formats/cluster/cluster-dump.js";
import { readClusterDump } from "../formats/cluster/read-cluster-dump.js";
import type { SimulationResult } from "../formats/result/simulation-result.js";
import type { Scenario } from "../formats/scenario/scenario.js";
import type { Seed } from "../formats/scenario/seed-schema.js";
import type { TextSourceOptions } from "../formats/text-source.js";
import type { AddressNumber } from "../model/address.js";
import type { ChurnRun } from "../simulation/churn-run.js";
import type { RandomStreams } from "../simulation/random-streams.js";
import { noCounts } from "../workload/group-counts.js";
import { createDurationSampler } from "../workload/lifetime.js";
import type { PodOwner } from "../workload/pod.js";
import type { ClusterNode } from "../workload/pod-network.js";
import type { WorkloadHost } from "../workload/workload-host.js";
import type { ModelRun } from "./model-run.js";

/** What an initial state is loaded into. */
interface InitialWorld {
  readonly model: ModelRun;
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

/** The state of a cluster, as the beginning of a run. */
export class InitialCluster {
  readonly #owner: PodOwner;
  #pods = 0;
  #podAddresses = 0;
  #podsForEver = 0;

  private constructor(
    /** What it was read from. */
    readonly dump: ClusterDump,
    private readonly loaded: LoadedCluster,
    private readonly run: ChurnRun | undefined,
  ) {
    this.#owner = { name: "initial-state", namespace: "", counts: noCounts(), listener: {} };
  }

  /**
   * Reads the scenario's dump or makes its seeds, puts the blocks, affinities and handles into the
   * run's datastore, and the pods on the scenario's nodes. Pods of other nodes are taken for gone:
   * their addresses stay allocated.
   *
   * @returns undefined when the scenario starts from nothing.
   * @throws BadInput for a dump that cannot be read, and when the scenario's model cannot begin with
   *   pods that run already.
   */
  static async begin(
    scenario: Scenario,
    world: InitialWorld,
    { stdin }: TextSourceOptions,
  ): Promise<InitialCluster | undefined> {
    const { file, initialState } = scenario;
    if (initialState === undefined) return undefined;
    if (initialState.seed.length > 0) {
      return InitialCluster.#load(seed(initialState.seed, scenario), scenario, world);
    }
    if (!world.host.canAdopt || world.model.churn === undefined) {
      const message = "this model cannot start from a dump yet; model: allocator can";
      throw new BadInput({ file, field: "initialState", message });
    }
    const dump = await readClusterDump(initialState.dump, { stdin });
    return InitialCluster.#load(dump, scenario, world);
  }

  static #load(dump: ClusterDump, scenario: Scenario, world: InitialWorld): InitialCluster {
    const { model, host, nodes, random } = world;
    const loaded = loadClaims(dump, model.datastore);
    const run = model.churn;
    const initial = new InitialCluster(dump, loaded, run);
    if (run === undefined) {
      if (loaded.inconsistentBlocks.size === 0) return initial;
      const message = "this model cannot start from overlapping blocks; model: allocator can";
      throw new BadInput({ file: scenario.file, field: "initialState.seed", message });
    }
    const rules = scenario.initialState?.pods ?? [];
    const nodeByName = new Map(nodes.map((node) => [node.name, node]));
    const others: AddressNumber[] = [...loaded.otherAddresses];
    const staying = loaded.pods.filter(({ node, addresses }) => {
      if (nodeByName.has(node)) return true;
      others.push(...addresses);
      return false;
    });
    run.takeOver(others);
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
      host.adopt(initial.#owner, placed, { handle: handle ?? "", addresses, blocks });
      initial.#count(pod, lifetimeUs);
    }
    run.beginFromInitialState(loaded.inconsistentBlocks);
    return initial;
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
      contradiction: this.run?.contradiction ?? null,
      duplicates: this.run?.duplicates ?? 0,
    };
  }
}
