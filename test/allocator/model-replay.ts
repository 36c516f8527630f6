import { operationSteps } from "../../src/conformance/operation.js";
import type { ReplayWorld } from "../../src/conformance/world.js";
import { FieldReader } from "../../src/formats/golden/field-reader.js";
import type { JsonObject } from "../../src/formats/golden/trace-line.js";
import { runToEnd } from "../../src/protocol/run.js";

/** Performs an operation, written as the recorded traces write it, on the protocol model. */
export function performOnModel(world: ReplayWorld, op: JsonObject): JsonObject {
  return runToEnd(operationSteps(world, new FieldReader(op)), world.datastore);
}
