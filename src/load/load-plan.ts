import type { AllocatorWorld } from "../allocator/create-memory.js";
import type { ScheduleWork, ChurnWork } from "./operation-stream.js";

/** Pods that come and go while their number stays the same. */
export interface ChurnPlan {
  readonly kind: "churn";
  /** Pods that start a second, on all threads together; each also ends one. Null is flat out. */
  readonly podRate: number | null;
  /** Pods that hold an address, on all threads together. */
  readonly pods: number;
  /** Random whole numbers from 0 up to 2^31 - 1 for a thread; a power of two of them. */
  drawsOf(thread: number): Int32Array;
  readonly warmUpMs: number;
  /** Without warm-up. */
  readonly durationMs: number;
}

/** A pod that comes to a node or leaves it. */
export interface ScheduledOperation {
  readonly timeNs: number;
  readonly pod: number;
  /** Number of the node. */
  readonly node: number;
  readonly isAssignment: boolean;
}

/** A workload that is known beforehand. Each node's operations are one thread's. */
export interface SchedulePlan {
  readonly kind: "schedule";
  /** By time. Pods are numbers from 0 up to `podCount`. */
  readonly operations: readonly ScheduledOperation[];
  readonly podCount: number;
  /** Whether the times count; else each thread goes as fast as it can. */
  readonly isOpenLoop: boolean;
}

/** What threads do to the allocators. */
export interface LoadPlan {
  readonly world: Omit<AllocatorWorld, "threadCount" | "handleCount" | "overflowCount">;
  readonly threadCount: number;
  /** Whether idle threads may keep their cores while they wait. */
  readonly isSpinning: boolean;
  readonly workload: ChurnPlan | SchedulePlan;
}

/** Handles that the work of all threads needs. */
export function handleCountOf({ workload, threadCount }: LoadPlan): number {
  return workload.kind === "churn" ? workload.pods + threadCount : workload.podCount;
}

/** Nodes of a thread: every `threadCount`-th; all of them when there are more threads than nodes. */
function nodesOf(thread: number, threadCount: number, nodeCount: number): Int32Array {
  if (nodeCount < threadCount) return Int32Array.from({ length: nodeCount }, (_, i) => i);
  const length = Math.ceil((nodeCount - (thread - 1)) / threadCount);
  return Int32Array.from({ length }, (_, i) => thread - 1 + i * threadCount);
}

function churnOf(plan: LoadPlan, workload: ChurnPlan, thread: number): ChurnWork {
  const { threadCount } = plan;
  const { podRate, pods } = workload;
  // A pod is two operations: one pod leaves, one comes.
  const betweenNs = podRate === null ? 0 : 1e9 / (2 * podRate);
  const share = (upTo: number) => Math.floor((pods * upTo) / threadCount);
  return {
    kind: "churn",
    intervalNs: betweenNs * threadCount,
    offsetNs: betweenNs * (thread - 1),
    nodes: nodesOf(thread, threadCount, plan.world.nodes.length),
    firstHandle: share(thread - 1) + thread - 1,
    population: share(thread) - share(thread - 1),
    draws: workload.drawsOf(thread),
  };
}

function scheduleOf(plan: LoadPlan, workload: SchedulePlan, thread: number): ScheduleWork {
  const { threadCount } = plan;
  const own = workload.operations.filter(({ node }) => node % threadCount === thread - 1);
  return {
    kind: "schedule",
    timesNs: Float64Array.from(own, ({ timeNs }) => timeNs),
    handles: Int32Array.from(own, ({ pod }) => pod),
    nodes: Int32Array.from(own, ({ node, isAssignment }) => (isAssignment ? node : -1)),
  };
}

/** What a thread does; threads count from 1. */
export function workOf(plan: LoadPlan, thread: number): ChurnWork | ScheduleWork {
  const { workload } = plan;
  return workload.kind === "churn"
    ? churnOf(plan, workload, thread)
    : scheduleOf(plan, workload, thread);
}

/** Whether operations have times at which they are wanted. */
export function isOpenLoop({ workload }: LoadPlan): boolean {
  return workload.kind === "churn" ? workload.podRate !== null : workload.isOpenLoop;
}

/** From the start to the end; Infinity: when all is done. */
export function durationMsOf({ workload }: LoadPlan): number {
  return workload.kind === "churn" ? workload.warmUpMs + workload.durationMs : Infinity;
}

/** How long the measured part is going to take, or null when nobody knows. */
export function measuredMsOf(plan: LoadPlan): number | null {
  const { workload } = plan;
  if (workload.kind === "churn") return workload.durationMs;
  return workload.isOpenLoop ? (workload.operations.at(-1)?.timeNs ?? 0) / 1e6 : null;
}
