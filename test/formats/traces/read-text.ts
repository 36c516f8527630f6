import { Readable } from "node:stream";
import { Trace, type TraceOptions } from "../../../src/formats/traces/trace.js";
import type { TraceEvent } from "../../../src/formats/traces/trace-event.js";

/** All events of a trace. */
export async function readAll(trace: Trace): Promise<TraceEvent[]> {
  const events: TraceEvent[] = [];
  for await (const batch of trace.events()) events.push(...batch);
  return events;
}

/** A trace given as text or bytes, as from standard input. */
export function traceOf(content: string | Buffer, options: TraceOptions = {}): Trace {
  return new Trace("-", { ...options, stdin: Readable.from([Buffer.from(content)]) });
}

/** `+pod@seconds` for each addition, `-pod@seconds` for each deletion. */
export function inShort(events: readonly TraceEvent[]): string {
  return events
    .map(({ kind, pod, timeUs }) => `${kind === "add" ? "+" : "-"}${pod}@${timeUs / 1e6}`)
    .join(" ");
}
