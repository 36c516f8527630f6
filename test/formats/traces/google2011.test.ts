import { describe, expect, it } from "vitest";
import { readAll, traceOf } from "./read-text.js";

const row = (timeUs: number | string, job: number, type: number) =>
  `${timeUs},,${job},${type},user,0,name,logical\n`;

const [SUBMIT, SCHEDULE, EVICT, FAIL, FINISH, KILL, LOST, PENDING, RUNNING] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8,
] as const;

describe("google2011 job events", () => {
  it.each([
    ["EVICT", EVICT],
    ["FAIL", FAIL],
    ["FINISH", FINISH],
    ["KILL", KILL],
    ["LOST", LOST],
  ])("adds at SCHEDULE and deletes at %s", async (_, end) => {
    const text = row(0, 7, SUBMIT) + row(5, 7, SCHEDULE) + row(5, 7, RUNNING) + row(9, 7, end);
    const trace = traceOf(text);
    expect(await readAll(trace)).toEqual([
      { timeUs: 5, kind: "add", pod: "7" },
      { timeUs: 9, kind: "delete", pod: "7" },
    ]);
    expect(trace.statistics).toMatchObject({ rows: 4, adds: 1, deletes: 1 });
    expect(trace.statistics.skipped).toEqual({ otherEvent: 2 });
  });

  it("counts what makes no event", async () => {
    const text =
      row(0, 1, FINISH) +
      row(0, 1, SCHEDULE) +
      row(1, 1, SCHEDULE) +
      row(1, 1, PENDING) +
      "\n" +
      row(2, 1, KILL) +
      row(2, 1, KILL) +
      row(3, 1, SCHEDULE) +
      row("9223372036854775807", 1, KILL);
    const trace = traceOf(text);
    const events = await readAll(trace);
    expect(events.map(({ kind, timeUs }) => `${kind} ${timeUs}`)).toEqual([
      "add 0",
      "delete 2",
      "add 3",
    ]);
    expect(trace.statistics).toEqual({
      format: "google2011",
      rows: 9,
      adds: 2,
      deletes: 1,
      skipped: { notRunning: 2, alreadyRunning: 1, otherEvent: 1, blankLine: 1, afterTraceEnd: 1 },
    });
  });

  it("keeps the file's order at equal times: a job may end as it starts", async () => {
    const events = await readAll(traceOf(row(4, 1, SCHEDULE) + row(4, 1, KILL)));
    expect(events.map(({ kind }) => kind)).toEqual(["add", "delete"]);
  });
});
