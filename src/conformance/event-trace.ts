import { plainAssignment } from "../protocol/plain-assignment.js";
import type { Datastore } from "../datastore/datastore.js";
import type { DatastoreRequest } from "../datastore/request.js";
import type { Response } from "../datastore/response.js";
import { FieldReader, UnreadableField } from "../formats/golden/field-reader.js";
import { isJsonObject, type Json, type JsonObject } from "../formats/golden/trace-line.js";
import { formatAddress } from "../model/address.js";
import { partialFulfilmentText, takenCount } from "../protocol/auto-assign.js";
import { UNLIMITED } from "../protocol/environment.js";
import { runToEnd } from "../protocol/run.js";
import type { Behaviours } from "../releases/behaviours.js";
import { type Difference, isSame } from "./difference.js";
import type { ConformTally } from "./report.js";
import { ReplayWorld } from "./world.js";

class CountingDatastore implements Datastore {
  calls = 0;

  constructor(private readonly inner: Datastore) {}

  perform(request: DatastoreRequest): Response {
    this.calls++;
    return this.inner.perform(request);
  }
}

/** Replays a long recording of pod adds and deletes: addresses, failures, call counts, final state. */
export class EventReplay {
  readonly #world: ReplayWorld;
  readonly #datastore: CountingDatastore;
  readonly #knownNodes = new Set<string>();

  /** @throws UnreadableField when the header lacks its pools. */
  constructor(
    release: Behaviours,
    header: JsonObject,
    private readonly tally: ConformTally,
  ) {
    this.#world = new ReplayWorld(release);
    this.#datastore = new CountingDatastore(this.#world.datastore);
    for (const pool of new FieldReader(header).objects("pools")) this.#world.setPool(pool);
    const config = new FieldReader(header).child("config");
    if (config !== undefined) {
      this.#world.datastore.setConfig({
        strictAffinity: config.flag("strictAffinity"),
        autoAllocateBlocks: config.flag("autoAllocateBlocks"),
        maxBlocksPerHost: config.number("maxBlocksPerHost"),
      });
    }
  }

  /** @throws UnreadableField for a line that is neither an event nor the final snapshot. */
  perform(line: number, row: JsonObject): Difference | undefined {
    const { snapshot } = row;
    if (isJsonObject(snapshot)) {
      const actual = this.#world.snapshot() as unknown as Json;
      if (!isSame(snapshot, actual)) {
        const subject = "final snapshot";
        return { line, what: "snapshot", subject, expected: snapshot, actual };
      }
      this.tally.snapshots++;
      return undefined;
    }
    const event = new FieldReader(row);
    const action = event.text("do");
    const expected = outcomeOf(row);
    const actual = action === "add" ? this.#add(event) : this.#delete(event, action);
    const operation = this.tally.operations + 1;
    if (!isSame(expected, actual)) {
      return { line, operation, what: "event", subject: JSON.stringify(row), expected, actual };
    }
    this.tally.operations++;
    this.tally.calls += event.number("calls");
    return undefined;
  }

  #add(event: FieldReader): JsonObject {
    const node = event.text("node");
    if (!this.#knownNodes.has(node)) {
      this.#knownNodes.add(node);
      this.#world.datastore.setNode({ name: node, labels: {} });
    }
    this.#datastore.calls = 0;
    const { v4, error } = runToEnd(
      this.#world.ipam.autoAssign(
        UNLIMITED,
        plainAssignment({
          num4: 1,
          num6: 0,
          handle: event.text("pod"),
          attributes: null,
          host: node,
        }),
      ),
      this.#datastore,
    );
    const first = v4?.taken[0];
    const ip =
      first === undefined ? null : formatAddress(first.block.addressAt(first.ordinals[0]!));
    const missing = v4 !== null && takenCount(v4) === 0 ? partialFulfilmentText(v4) : undefined;
    return {
      calls: this.#datastore.calls,
      ip,
      ...(missing !== undefined && { message: missing }),
      ...(error !== null && { error: error.text }),
    };
  }

  #delete(event: FieldReader, action: string): JsonObject {
    if (action !== "del") throw new UnreadableField('do: expected "add" or "del"');
    this.#datastore.calls = 0;
    const error = runToEnd(this.#world.ipam.releaseByHandle(event.text("pod")), this.#datastore);
    return { calls: this.#datastore.calls, ...(error !== undefined && { error: error.text }) };
  }
}

/** What the recording says came of an event. */
function outcomeOf(row: JsonObject): JsonObject {
  const { calls, ip, message, error } = row;
  return {
    calls: calls ?? null,
    ...(ip !== undefined && { ip }),
    ...(message !== undefined && { message }),
    ...(error !== undefined && { error }),
  };
}
