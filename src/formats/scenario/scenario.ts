import type { IpamConfig } from "../../model/ipam-config.js";
import type { Node } from "../../model/node.js";
import type { UsablePool } from "../../model/pool.js";
import type { Reservation } from "../../model/reservation.js";
import type { TraceFormat } from "../traces/trace-event.js";
import type { PlacementName } from "./placement-name.js";

/** Replays a recorded churn of pods. */
export interface TraceExecutor {
  readonly executor: "trace";
  /** Path of the trace, from the working directory; `-` is standard input. */
  readonly file: string;
  readonly format: TraceFormat | "auto";
  readonly placement: PlacementName;
  /** The trace's times are divided by this. */
  readonly compress: number;
}

/** What makes pods come and go. A closed union: more kinds are added to it. */
export type Executor = TraceExecutor;

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
  readonly workload: readonly Executor[];
}
