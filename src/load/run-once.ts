import { setTimeout as sleep } from "node:timers/promises";
import { createAllocatorMemory } from "../allocator/create-memory.js";
import { BLOCK_SHIFT, BlockWord } from "../allocator/layout.js";
import type { AllocatorMemory } from "../allocator/memory.js";
import { OwnerPhase, phaseOf } from "../allocator/block-state.js";
import { checkState } from "../allocator/state-check.js";
import { statisticsOf } from "../allocator/thread-statistics.js";
import { DeadHolder, ThreadTable } from "../allocator/thread-table.js";
import { wideCount } from "../allocator/wide-counter.js";
import { InvariantViolation } from "../failure/failure.js";
import {
  durationMsOf,
  handleCountOf,
  isOpenLoop,
  type LoadPlan,
  measuredMsOf,
  workOf,
} from "./load-plan.js";
import { RunMeasures } from "./run-measures.js";
import { SLICES_MAX, ThreadBoard } from "./thread-board.js";
import type { Crew } from "./thread-crew.js";
import type { AllocatorName, ThreadJob } from "./thread-job.js";

/** Between two looks at what the threads do. */
const POLL_MS = 200;
/** Stretches of the throughput over time, when the length of the run is known. */
const SLICES_WANTED = 60;
/** Stretch when it is not. */
const SLICE_MS = 250;

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** Is told now and then what has been measured so far. */
  readonly onProgress?: ((soFar: RunMeasures) => void) | undefined;
}

/**
 * Runs one allocator on the threads of a crew, on memory of its own, and checks afterwards that
 * nothing in it contradicts itself.
 *
 * @throws InvariantViolation when something does; EnvironmentError when a thread died.
 */
export async function runOnce(
  plan: LoadPlan,
  allocator: AllocatorName,
  crew: Crew,
  options: RunOptions = {},
): Promise<RunMeasures> {
  const { threadCount } = plan;
  const handleCount = handleCountOf(plan);
  const memory = createAllocatorMemory({
    ...plan.world,
    handleCount,
    // A handle has one block, but may be given another before the first is off its chain.
    overflowCount: handleCount + 1024,
    threadCount,
  });
  const board = ThreadBoard.create(threadCount);
  const measuredMs = measuredMsOf(plan);
  const sliceNs = (measuredMs === null ? SLICE_MS : Math.max(1, measuredMs / SLICES_WANTED)) * 1e6;
  const job = (thread: number): ThreadJob => ({
    allocator,
    memory: memory.handle,
    board: board.handle,
    thread,
    isOpenLoop: isOpenLoop(plan),
    isSpinning: plan.isSpinning,
    warmUpNs: plan.workload.kind === "churn" ? plan.workload.warmUpMs * 1e6 : 0,
    durationNs: durationMsOf(plan) * 1e6,
    sliceNs,
    work: workOf(plan, thread),
  });
  const collect = (): RunMeasures => {
    const measures = new RunMeasures(sliceNs);
    const threads = Array.from({ length: threadCount }, (_, i) => i + 1);
    measures.addRun(
      threads.map((thread) => board.measuresOf(thread)),
      threads.map((thread) => statisticsOf(memory.buffer, memory.layout, thread)),
    );
    return measures;
  };
  const cpuUs = await superviseJobs(plan, crew, board, memory, job, collect, options);
  const measures = collect();
  measures.cpuUs = cpuUs;
  finish(memory, measures);
  return measures;
}

/** Runs the jobs of all threads. Returns the processor time of the measured part, microseconds. */
async function superviseJobs(
  plan: LoadPlan,
  crew: Crew,
  board: ThreadBoard,
  memory: AllocatorMemory,
  job: (thread: number) => ThreadJob,
  collect: () => RunMeasures,
  { signal, onProgress }: RunOptions,
): Promise<number> {
  const threads = new ThreadTable(memory.words, memory.layout);
  const errors: unknown[] = [];
  const stop = () => {
    board.stop();
  };
  if (signal?.aborted === true) stop();
  signal?.addEventListener("abort", stop);
  let running = plan.threadCount;
  const ends = Array.from({ length: plan.threadCount }, async (_, i) => {
    try {
      await crew.run(job(i + 1));
    } catch (error) {
      errors.push(error);
      threads.markDead(i + 1);
      stop();
    }
    running--;
  });
  const allEnded = Promise.all(ends);
  const warmUpMs = plan.workload.kind === "churn" ? plan.workload.warmUpMs : 0;
  let cpu = process.cpuUsage();
  while (running > 0 && !board.hasStarted) await Promise.race([allEnded, sleep(1)]);
  await Promise.race([allEnded, sleep(warmUpMs)]);
  if (running > 0) {
    cpu = process.cpuUsage();
    forgetConflicts(memory);
  }
  while (running > 0) {
    await Promise.race([allEnded, sleep(POLL_MS)]);
    if (running > 0) onProgress?.(collect());
  }
  signal?.removeEventListener("abort", stop);
  const { user, system } = process.cpuUsage(cpu);
  // What died first explains the others, who only waited for it.
  const error = errors.find((each) => !(each instanceof DeadHolder)) ?? errors[0];
  if (error !== undefined) throw error as Error;
  return user + system;
}

/** Conflicts of the warm-up do not count. */
function forgetConflicts({ words, buffer, layout }: AllocatorMemory): void {
  const wideWords = new BigInt64Array(buffer);
  for (let block = 0; block < layout.blockCount; block++) {
    const word = layout.blocksAt + (block << BLOCK_SHIFT) + BlockWord.conflicts;
    if (wideCount(words, word) !== 0) Atomics.store(wideWords, word / 2, 0n);
  }
}

function finish(memory: AllocatorMemory, measures: RunMeasures): void {
  const { words, layout } = memory;
  const findings = checkState(memory);
  if (findings.length > 0) {
    const texts = findings.slice(0, 5).map(({ kind, text }) => `${kind}: ${text}`);
    throw new InvariantViolation("the shared memory does not contradict itself", texts.join("; "));
  }
  let held = 0;
  for (let block = 0; block < layout.blockCount; block++) {
    const row = layout.blocksAt + (block << BLOCK_SHIFT);
    const conflicts = wideCount(words, row + BlockWord.conflicts);
    if (conflicts > 0) measures.addConflicts(memory.cidrOf(block).text, conflicts);
    if (phaseOf(words[row + BlockWord.owner]!) === OwnerPhase.absent) continue;
    measures.blocks++;
    const heldAt = words[row + BlockWord.held]!;
    for (let ordinal = 0; ordinal < 1 << words[row + BlockWord.bits]!; ordinal++) {
      if (words[heldAt + ordinal] !== 0) held++;
    }
  }
  if (held !== measures.population) {
    const detail = `${held} addresses are held, the pods have ${measures.population}`;
    throw new InvariantViolation("every held address is a pod's", detail);
  }
}

/** Length of the throughput series that has anything in it. */
export function usedSlices({ slices }: RunMeasures): number {
  let length = SLICES_MAX;
  while (length > 0 && slices[length - 1] === 0) length--;
  return length;
}
