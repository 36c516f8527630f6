import * as z from "zod";
import { ARRIVAL_EXECUTORS } from "./arrival-executors.js";
import { CONTROLLER_EXECUTORS } from "./controller-executors.js";
import { EXECUTOR } from "./executor-pieces.js";
import { NODE_EXECUTORS } from "./node-executors.js";

/** One kind a name; the schema, the types and the messages follow from these lists. */
export const ExecutorSchema = z.discriminatedUnion(
  "executor",
  [...ARRIVAL_EXECUTORS, ...CONTROLLER_EXECUTORS, ...NODE_EXECUTORS],
  EXECUTOR,
);

/** What a checked executor says, with its defaults; durations are in microseconds. */
export type CheckedExecutor = z.output<typeof ExecutorSchema>;
