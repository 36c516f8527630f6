import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inShort, readAll, traceOf } from "./read-text.js";

const HEADER = "name,creation_time,deletion_time,scheduled_time";

async function eventsOf(...rows: string[]): Promise<string> {
  return inShort(await readAll(traceOf([HEADER, ...rows, ""].join("\n"))));
}

describe("openb pod lists", () => {
  it.each([
    ["sorts events by time", ["a,0,10,5", "b,1,7,2", "c,8,9,8"], "+b@2 +a@5 -b@7 +c@8 -c@9 -a@10"],
    ["puts deletions first at equal times", ["a,0,5,1", "b,5,9,5"], "+a@1 -a@5 +b@5 -b@9"],
    ["keeps the file's order among additions", ["b,0,9,3", "a,1,8,3"], "+b@3 +a@3 -a@8 -b@9"],
    ["keeps the file's order among deletions", ["b,0,9,1", "a,1,9,2"], "+b@1 +a@2 -b@9 -a@9"],
    ["deletes a pod without a life after adding it", ["a,0,4,4", "b,1,4,2"], "+b@2 -b@4 +a@4 -a@4"],
    ["keeps pods without a life apart", ["a,4,4,4", "b,4,4,4"], "+a@4 -a@4 +b@4 -b@4"],
    ["passes over pods that were never scheduled", ["a,0,9,", "b,1,9,2"], "+b@2 -b@9"],
    ["leaves pods without deletion alive", ["a,0,,1", "b,2,5,3"], "+a@1 +b@3 -b@5"],
    ["lets a name come back after its deletion", ["a,0,2,1", "a,3,9,4"], "+a@1 -a@2 +a@4 -a@9"],
    ["reads quoted fields", ['"a, ""x""",0,"2",1'], '+a, "x"@1 -a, "x"@2'],
    ["passes over blank lines", ["a,0,2,1", "", "b,3,5,4", ""], "+a@1 -a@2 +b@4 -b@5"],
  ])("%s", async (_, rows, expected) => {
    expect(await eventsOf(...rows)).toBe(expected);
  });

  it("finds its columns by name, wherever they are, with Windows line ends and a byte mark", async () => {
    const text = "\ufeffqos,scheduled_time, name ,creation_time,deletion_time\r\nLS,1,a,0,2\r\n";
    expect(inShort(await readAll(traceOf(text)))).toBe("+a@1 -a@2");
  });

  it("gives the same as sorting the whole file, for any sorted file", async () => {
    const pod = fc.record({
      wait: fc.nat(3),
      delay: fc.nat(9),
      life: fc.option(fc.nat(12), { nil: undefined }),
      scheduled: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(pod, { minLength: 1, maxLength: 60 }), async (pods) => {
        let creation = 0;
        const rows: string[] = [];
        const sorted: { at: number; class: number; row: number; text: string }[] = [];
        pods.forEach(({ wait, delay, life, scheduled }, row) => {
          creation += wait;
          const start = creation + delay;
          const end = life === undefined ? undefined : start + life;
          rows.push(`p${row},${creation},${end ?? ""},${scheduled ? start : ""}`);
          if (!scheduled) return;
          sorted.push({ at: start, class: 1, row, text: `+p${row}@${start}` });
          if (end === undefined) return;
          const afterOwnAdd = end === start;
          const text = `-p${row}@${end}`;
          sorted.push({
            at: end,
            class: afterOwnAdd ? 1 : 0,
            row: row + (afterOwnAdd ? 0.5 : 0),
            text,
          });
        });
        sorted.sort((a, b) => a.at - b.at || a.class - b.class || a.row - b.row);
        expect(await eventsOf(...rows)).toBe(sorted.map(({ text }) => text).join(" "));
      }),
    );
  });
});
