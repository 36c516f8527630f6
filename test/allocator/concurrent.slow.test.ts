// The threads run what is built in dist/.
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import type { AllocatorMemory } from "../../src/allocator/memory.js";
import { repair } from "../../src/allocator/repair.js";
import { freeOrdinals, snapshotOf } from "../../src/allocator/snapshot.js";
import { checkState } from "../../src/allocator/state-check.js";
import { ThreadTable } from "../../src/allocator/thread-table.js";
import { Cidr } from "../../src/model/cidr.js";
import { DEFAULT_IPAM_CONFIG } from "../../src/model/ipam-config.js";
import { makePool, type UsablePool } from "../../src/model/pool.js";
import { checkHistory, type HistoryEnd, type HistoryRecord, RECORD_WORDS } from "./history.js";
import { smallMemory } from "./small-memory.js";

const THREADS = 8;
const NODES = 5;
const BLOCK_LIMIT = 3;
const BLOCK_SIZE = 16;
const DIST = pathToFileURL(`${resolve("dist")}/`).href;
const WORKER = resolve("test/allocator/history-worker.mjs");

interface Setup {
  readonly kind: string;
  readonly operations: number;
  readonly isGivingUp: boolean;
  readonly isRecorded: boolean;
}

interface Started {
  readonly memory: AllocatorMemory;
  readonly records: readonly SharedArrayBuffer[];
  readonly workers: readonly Worker[];
  /** Whether each worker ended by itself. */
  readonly ends: readonly Promise<boolean>[];
}

/** Five nodes, blocks of sixteen, and fewer addresses than pods: threads meet everywhere. */
function start({ kind, operations, isGivingUp, isRecorded }: Setup): Started {
  const handlesEach = 40;
  const memory = smallMemory({
    pools: [makePool({ name: "p", cidr: Cidr.of("10.0.0.0/24"), blockSize: 28 }) as UsablePool],
    nodes: Array.from({ length: NODES }, (_, i) => ({ name: `node-${i}`, labels: {} })),
    config: { ...DEFAULT_IPAM_CONFIG, maxBlocksPerHost: BLOCK_LIMIT },
    handleCount: handlesEach * THREADS,
    overflowCount: 100_000,
    threadCount: THREADS,
  });
  const clock = new SharedArrayBuffer(8);
  const recordWords = isRecorded ? RECORD_WORDS : 0;
  const records = Array.from(
    { length: THREADS },
    () => new SharedArrayBuffer((operations + 1000) * recordWords * 4),
  );
  const threads = new ThreadTable(memory.words, memory.layout);
  const workers = records.map((own, i) => {
    const job = {
      kind,
      operations,
      isGivingUp,
      recordWords,
      handlesEach,
      clock,
      memory: memory.handle,
      thread: i + 1,
      threads: THREADS,
      nodes: NODES,
      seed: "1",
      records: own,
    };
    return new Worker(WORKER, { workerData: { dist: DIST, job } });
  });
  const ends = workers.map(
    (worker, i) =>
      new Promise<boolean>((done, fail) => {
        worker.once("error", (error: Error) => {
          threads.markDead(i + 1);
          // What the dead hold is told by the others; they are no failures of their own.
          if (error.message.includes("died holding")) done(false);
          else fail(error);
        });
        worker.once("exit", (code) => {
          threads.markDead(i + 1);
          done(code === 0);
        });
      }),
  );
  return { memory, records, workers, ends };
}

function readRecords(buffers: readonly SharedArrayBuffer[]): HistoryRecord[] {
  return buffers.flatMap((buffer) => {
    const words = new Int32Array(buffer);
    const records: HistoryRecord[] = [];
    for (let at = 0; at < words.length && words[at] !== 0; at += RECORD_WORDS) {
      const [kind, block, ordinal, handle, begin, end] = words.subarray(at, at + RECORD_WORDS);
      records.push({
        kind: kind!,
        block: block!,
        ordinal: ordinal!,
        handle: handle!,
        begin: begin!,
        end: end!,
      });
    }
    return records;
  });
}

function endOf(memory: AllocatorMemory): HistoryEnd {
  const held = new Map<number, number>();
  const free = new Set<number>();
  const pool = Cidr.of("10.0.0.0/24");
  for (const block of snapshotOf(memory).blocks) {
    const number = pool.ordinalOf(Cidr.of(block.cidr).base) / BLOCK_SIZE;
    for (const [ordinal, handle] of block.held) held.set(number * BLOCK_SIZE + ordinal, handle);
    for (const ordinal of freeOrdinals(memory, number)) free.add(number * BLOCK_SIZE + ordinal);
  }
  const ordinals = Array.from({ length: BLOCK_SIZE }, (_, i) => i);
  return { held, free, blockSize: BLOCK_SIZE, ordinals, blockLimit: BLOCK_LIMIT };
}

describe.each(["coarse-lock", "lock-reduced"])("%s on eight threads", (kind) => {
  it("has histories of a million operations a thread that pass the checker", async () => {
    const setup = { kind, operations: 1_000_000, isGivingUp: false, isRecorded: true };
    const { memory, records, ends } = start(setup);
    expect(await Promise.all(ends)).toEqual(Array.from({ length: THREADS }, () => true));
    expect(checkState(memory)).toEqual([]);
    const history = readRecords(records);
    expect(history.length).toBeGreaterThan(1_000_000);
    expect(checkHistory(history, endOf(memory))).toEqual([]);
  }, 1_200_000);

  it("contradicts itself nowhere when blocks are given up at the same time", async () => {
    const setup = { kind, operations: 200_000, isGivingUp: true, isRecorded: false };
    const { memory, ends } = start(setup);
    expect(await Promise.all(ends)).toEqual(Array.from({ length: THREADS }, () => true));
    expect(checkState(memory)).toEqual([]);
  }, 600_000);

  it("can be repaired after threads were killed at any moment", async () => {
    for (let round = 0; round < 10; round++) {
      const setup = { kind, operations: 1e9, isGivingUp: true, isRecorded: false };
      const { memory, workers, ends } = start(setup);
      for (const worker of workers) {
        await new Promise((done) => setTimeout(done, 20 + ((round * 37) % 50)));
        await worker.terminate();
      }
      await Promise.all(ends);
      repair(memory);
      expect({ round, findings: checkState(memory) }).toEqual({ round, findings: [] });
    }
  }, 600_000);
});
