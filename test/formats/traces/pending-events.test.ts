import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PendingEvents } from "../../../src/formats/traces/pending-events.js";
import type { TraceEvent } from "../../../src/formats/traces/trace-event.js";

describe("PendingEvents", () => {
  it("hands out what is before a time in order of time and rank, and keeps the rest", () => {
    const times = fc.array(fc.nat(20), { maxLength: 200 });
    fc.assert(
      fc.property(times, fc.nat(21), (timesUs, limitUs) => {
        const pending = new PendingEvents();
        const events = timesUs.map((timeUs, rank): TraceEvent => {
          const event = { timeUs, kind: "add", pod: String(rank) } as const;
          pending.push(event, rank);
          return event;
        });
        const out: TraceEvent[] = [];
        for (let e = pending.popBefore(limitUs); e !== undefined; e = pending.popBefore(limitUs)) {
          out.push(e);
        }
        const due = events.filter(({ timeUs }) => timeUs < limitUs);
        // Array sort is stable, so equal times keep the order of their ranks.
        expect(out).toEqual(due.toSorted((a, b) => a.timeUs - b.timeUs));
        expect(pending.size).toBe(events.length - due.length);
      }),
    );
  });
});
