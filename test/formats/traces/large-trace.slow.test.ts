import { spawn } from "node:child_process";
import { once } from "node:events";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { describe, expect, it } from "vitest";

/** Reads a trace from standard input and prints what it has counted. */
const READER = `
  import { Trace } from "./dist/formats/traces/trace.js";
  const trace = new Trace("-");
  let events = 0;
  for await (const batch of trace.events()) events += batch.length;
  console.log(JSON.stringify({ events, rows: trace.statistics.rows }));
`;

const HEAP_MEGABYTES = 40;
const ROWS = 800_000;

/**
 * About 200 MB: most pods live a second, every thousandth stays to the end, so that its name, were
 * it a part of the text read, would keep all of the file alive.
 */
function* rows(): Generator<string> {
  yield "name,creation_time,deletion_time,scheduled_time,remark\n";
  const remark = "x".repeat(200);
  for (let i = 0; i < ROWS; i++) {
    const end = i % 1000 === 0 ? 10 * ROWS : i + 1;
    yield `a-pod-with-a-long-name-${i},${i},${end},${i},${remark}\n`;
  }
}

describe("a trace several times as large as memory", () => {
  it("is read from start to end", async () => {
    const options = [`--max-old-space-size=${HEAP_MEGABYTES}`, "--input-type=module", "-e", READER];
    const child = spawn(process.execPath, options, { stdio: ["pipe", "pipe", "inherit"] });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const closed = once(child, "close");
    await pipeline(Readable.from(rows()), child.stdin);
    expect((await closed)[0]).toBe(0);
    expect(JSON.parse(output)).toEqual({ events: 2 * ROWS, rows: ROWS });
  });
});
