import type { IpamConfig } from "../../model/ipam-config.js";
import type { Node } from "../../model/node.js";
import type { UsablePool } from "../../model/pool.js";
import type { Reservation } from "../../model/reservation.js";
import type { Change } from "./change-schema.js";
import type { Distribution } from "./distribution.js";
import type { Microseconds } from "./duration.js";
import type { CheckedExecutor } from "./executor-schema.js";
import type { Latency } from "./latency.js";
import type { CheckedScenario } from "./scenario-schema.js";
import type { Seed } from "./seed-schema.js";
import type { ModelName } from "./simulation-schema.js";
import type { Threshold } from "./threshold.js";

/** What every executor has once it is read. */
interface Resolved {
  /** Its own. */
  readonly name: string;
  /** Names of the nodes that it brings, as far as their number is known. */
  readonly newNames: readonly string[];
  /** Beginning of the names of the nodes that it brings. */
  readonly namePrefix: string;
}

/** What makes pods and nodes come and go. */
export type Executor = CheckedExecutor & Resolved;

/** An executor of one kind. */
export type ExecutorOf<Kind extends Executor["executor"]> = Extract<
  Executor,
  { readonly executor: Kind }
>;

/** How the datastore of `model: cluster` answers. Times are microseconds. */
export interface DatastoreSettings
  extends Omit<CheckedScenario["datastore"], "reads" | "writes" | "requests"> {
  readonly reads: Latency;
  readonly writes: Latency;
  readonly requests: readonly { readonly request: string; readonly takes: Latency }[];
}

/** What happens around the plugin on a node of `model: cluster`. Times are microseconds. */
export type NodeSection = CheckedScenario["node"];

/** How garbage is collected in `model: cluster`. Times are microseconds. */
export type GcSettings = CheckedScenario["gc"];

/** How the scenario is simulated. */
export interface SimulationSettings {
  readonly model: ModelName;
  /** When the run ends; undefined: when nothing is left to happen. */
  readonly duration: Microseconds | undefined;
  /** How long the cluster has to come to rest after that; undefined: the run ends at once. */
  readonly liveness?: { readonly within: Microseconds } | undefined;
}

/** How long the pods that are there at the start run on. */
export interface InitialPods {
  readonly namespace?: string | undefined;
  /** `Deployment/shop`, or `Deployment`. */
  readonly owner?: string | undefined;
  readonly lifetime: Distribution;
}

/** What a run starts from: a dump, or seeds. */
export interface InitialState {
  /** Paths are from the working directory. */
  readonly dump: readonly string[];
  readonly seed: readonly Seed[];
  readonly pods: readonly InitialPods[];
}

/**
 * A scenario as the rest of the program sees it: checked, every default filled in, files of nodes
 * read. Immutable by convention.
 */
export interface Scenario {
  /** The file it was read from, as the user gave it. */
  readonly file: string;
  readonly name: string;
  readonly description: string;
  /** One of the known releases. */
  readonly release: string;
  /** Text from which the random streams are made. */
  readonly seed: string;
  readonly pools: readonly UsablePool[];
  readonly ipamConfig: IpamConfig;
  readonly reservations: readonly Reservation[];
  /** At least one; names are unique. The order is that of the file and decides round-robin. */
  readonly nodes: readonly Node[];
  /** Most pods of a node at a time. */
  readonly maxPods: number;
  /** Paths of traces are from the working directory; `-` is standard input. */
  readonly workload: readonly Executor[];
  /** Undefined: an empty cluster. */
  readonly initialState: InitialState | undefined;
  readonly changes: readonly Change[];
  readonly simulation: SimulationSettings;
  readonly datastore: DatastoreSettings;
  readonly node: NodeSection;
  readonly gc: GcSettings;
  readonly thresholds: readonly Threshold[];
}
