import type { Datastore } from "../datastore/datastore.js";
import { FaultInjector } from "../datastore/fault-injector.js";
import { KubernetesRequests } from "../datastore/kubernetes-requests.js";
import { type RecordedCall, Recorder } from "../datastore/recorder.js";
import { FieldReader, UnreadableField } from "../formats/golden/field-reader.js";
import {
  isJsonObject,
  type Json,
  type JsonObject,
  type TraceCall,
  type TraceLine,
} from "../formats/golden/trace-line.js";
import { Client } from "../protocol/interleave.js";
import { runToEnd } from "../protocol/run.js";
import type { Behaviours } from "../releases/behaviours.js";
import { CollectorReplay } from "./collector-replay.js";
import { type Difference, isSame } from "./difference.js";
import { operationSteps, readFaults } from "./operation.js";
import type { ConformTally } from "./report.js";
import { ReplayWorld } from "./world.js";

interface Replayed {
  readonly calls: readonly RecordedCall[];
  readonly result: JsonObject;
}

/** Replays an operation trace line by line and compares calls, results and snapshots. */
export class OperationReplay {
  readonly #world: ReplayWorld;
  readonly #collector: CollectorReplay;

  constructor(
    private readonly release: Behaviours,
    private readonly tally: ConformTally,
  ) {
    this.#world = new ReplayWorld(release);
    this.#collector = new CollectorReplay(this.#world);
  }

  /**
   * Performs one line.
   *
   * @returns how the line differs from what ipamlab does, or undefined.
   * @throws UnreadableField for an operation that is not known or lacks a field.
   */
  perform(line: number, content: TraceLine): Difference | undefined {
    switch (content.kind) {
      case "header":
        return undefined;
      case "edit": {
        const edit = new FieldReader(content.op);
        if (!this.#collector.edit(edit)) this.#world.edit(edit);
        return undefined;
      }
      case "snapshot":
        return this.#compareSnapshot(line, content.snapshot);
      case "operation":
        return this.#compareOperation(line, content.op, content.calls, content.result);
      case "kubernetes":
        return this.#compareRequests(line, content.op, content.requests, content.result);
    }
  }

  #compareSnapshot(line: number, expected: JsonObject): Difference | undefined {
    const actual = this.#world.snapshot() as unknown as Json;
    if (!isSame(expected, actual)) {
      return { line, what: "snapshot", subject: "snapshot of the datastore", expected, actual };
    }
    this.tally.snapshots++;
    return undefined;
  }

  #compareOperation(
    line: number,
    op: JsonObject,
    calls: readonly TraceCall[],
    result: JsonObject,
  ): Difference | undefined {
    const replayed = op["op"] === "concurrent" ? this.#interleave(op, result) : this.#run(op);
    const operation = this.tally.operations + 1;
    const subject = JSON.stringify(op);
    if (!isSame(calls, replayed.calls)) {
      const actual = replayed.calls as readonly Json[];
      return { line, operation, what: "calls", subject, expected: calls, actual };
    }
    const expected = op["op"] === "concurrent" ? { results: result["results"] ?? null } : result;
    if (!isSame(expected, replayed.result)) {
      const actual = replayed.result;
      return { line, operation, what: "result", subject, expected, actual };
    }
    this.tally.operations++;
    this.tally.calls += calls.length;
    return undefined;
  }

  #compareRequests(
    line: number,
    op: JsonObject,
    expected: readonly TraceCall[],
    result: JsonObject,
  ): Difference | undefined {
    const { datastore, dialect } = this.#world;
    const lookup = this.release.kubernetesAffinityLookup;
    const client = new KubernetesRequests(datastore, dialect, lookup);
    const replayed = runToEnd(operationSteps(this.#world, new FieldReader(op)), client);
    const operation = this.tally.operations + 1;
    const subject = JSON.stringify(op);
    if (!isSame(expected, client.requests)) {
      const actual = client.requests as readonly Json[];
      return { line, operation, what: "calls", subject, expected, actual };
    }
    if (!isSame(result, replayed)) {
      return { line, operation, what: "result", subject, expected: result, actual: replayed };
    }
    this.tally.operations++;
    this.tally.calls += expected.length;
    return undefined;
  }

  #run(op: JsonObject): Replayed {
    const reader = new FieldReader(op);
    const recorder = new Recorder(this.#withFaults(reader));
    const isSync = op["op"] === "gcSync";
    const steps = isSync ? this.#collector.sync() : operationSteps(this.#world, reader);
    const result = runToEnd(steps, recorder);
    return { calls: recorder.calls, result };
  }

  #withFaults(op: FieldReader): Datastore {
    const { datastore, dialect } = this.#world;
    return op.has("faults") ? new FaultInjector(datastore, readFaults(op), dialect) : datastore;
  }

  /** Lets clients go on one call at a time, as the recorded schedule says. */
  #interleave(op: JsonObject, recorded: JsonObject): Replayed {
    const { ops } = op;
    const { schedule } = recorded;
    if (!Array.isArray(ops) || !Array.isArray(schedule)) {
      throw new UnreadableField("op.ops, result.schedule: expected lists");
    }
    const calls: RecordedCall[] = [];
    const clients = (ops as readonly Json[]).map((item, number) => {
      if (!isJsonObject(item)) throw new UnreadableField("op.ops: expected a list of operations");
      const reader = new FieldReader(item);
      const recorder = new Recorder(this.#withFaults(reader), calls, number);
      return new Client(operationSteps(this.#world, reader), recorder);
    });
    for (const number of schedule as readonly Json[]) {
      const client = typeof number === "number" ? clients[number] : undefined;
      if (client?.pending === undefined) break;
      client.step();
    }
    const results = clients.map((client) => client.result ?? "did not end under this schedule");
    return { calls, result: { results } };
  }
}
