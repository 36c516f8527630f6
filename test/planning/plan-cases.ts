import { firstLossProbability } from "../../src/analysis/statistics/erlang-loss.js";
import {
  DatastoreSchema,
  GcSchema,
  NodeSectionSchema,
} from "../../src/formats/scenario/cluster-schemas.js";
import { withHistograms } from "../../src/formats/scenario/datastore-latencies.js";
import type { Executor, Scenario } from "../../src/formats/scenario/scenario.js";
import { Cidr } from "../../src/model/cidr.js";
import type { IpamConfig } from "../../src/model/ipam-config.js";
import { makePool, type UsablePool } from "../../src/model/pool.js";
import { packCase, type PlanCase } from "../../src/planning/plan-case.js";
import type { PlanQuestion } from "../../src/planning/plan-question.js";

/** What tests say of a case; all else is plain. */
export interface CaseSketch {
  readonly cidr: string;
  readonly blockSize: number;
  readonly config?: Partial<IpamConfig>;
  readonly nodes: number;
  readonly workload: readonly Executor[];
  readonly horizonUs: number;
}

const PLACED = {
  namespace: "default",
  placement: "round-robin",
  nodeSelector: "all()",
  whenFull: "drop",
  newNames: [],
  namePrefix: "",
  name: "web",
  startAfter: 0,
} as const;

/** Pods that come as a Poisson process and live exponentially long. */
export function poisson(perSecond: number, meanLifeUs: number, duration: number): Executor {
  return {
    ...PLACED,
    executor: "poisson",
    rate: perSecond,
    timeUnit: 1e6,
    duration,
    lifetime: { distribution: "exponential", mean: meanLifeUs },
  };
}

/** Pods that come all at once and stay. */
export function burst(pods: number): Executor {
  return { ...PLACED, executor: "burst", pods, within: 0, lifetime: undefined };
}

function sketchedCase(sketch: CaseSketch): PlanCase {
  const { cidr, blockSize, config, nodes, workload, horizonUs } = sketch;
  const scenario: Scenario = {
    file: "sketch.yaml",
    name: "sketch",
    description: "",
    release: "v3.28.4",
    seed: "1",
    pools: [makePool({ name: "p", cidr: Cidr.of(cidr), blockSize }) as UsablePool],
    ipamConfig: { strictAffinity: false, autoAllocateBlocks: true, maxBlocksPerHost: 0, ...config },
    reservations: [],
    nodes: Array.from({ length: nodes }, (_, i) => ({ name: `node-${i}`, labels: {} })),
    maxPods: 10_000,
    workload,
    initialState: undefined,
    simulation: { model: "allocator", duration: undefined },
    datastore: withHistograms(DatastoreSchema.parse({}), () => []),
    node: NodeSectionSchema.parse({}),
    gc: GcSchema.parse({}),
    changes: [],
    thresholds: [],
  };
  const plain = { hasTunnels: false, isBorrowingFailure: false, initial: null, nodeGrowth: null };
  return { scenario, horizonUs, ...plain };
}

export function sketchedQuestion(sketch: CaseSketch, seed = "1"): PlanQuestion {
  return { planned: packCase(sketchedCase(sketch)), settings: {}, ranges: [], seed };
}

const HOUR_US = 3600e6;

/** 16 addresses, pods that live for an hour, and the exact chance that one of them is refused. */
export function lossSystem(podsAnHour: number, hours: number) {
  const question = sketchedQuestion({
    cidr: "10.0.0.0/28",
    blockSize: 30,
    nodes: 2,
    workload: [poisson(podsAnHour / 3600, HOUR_US, hours * HOUR_US)],
    horizonUs: hours * HOUR_US,
  });
  const system = { servers: 16, arrivalRate: podsAnHour, departureRate: 1, initial: 0 };
  return { question, exact: firstLossProbability(system, hours) };
}
