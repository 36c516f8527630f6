import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  LINE_LENGTH_MAX,
  type LineBatch,
  readLines,
  readText,
  unreadable,
} from "../../src/formats/text-source.js";
import { EnvironmentError } from "../../src/failure/failure.js";
import { faultsOf } from "./faults-of.js";

async function collect(batches: AsyncGenerator<LineBatch>): Promise<string[]> {
  const all: string[] = [];
  for await (const { firstLine, lines } of batches) {
    expect(firstLine).toBe(all.length + 1);
    all.push(...lines);
  }
  return all;
}

/** Reads bytes that arrive in chunks of these sizes, the rest as one. */
function linesOf(bytes: Buffer, sizes: readonly number[] = []): Promise<string[]> {
  const chunks: Buffer[] = [];
  let start = 0;
  for (const size of sizes) {
    chunks.push(bytes.subarray(start, start + size));
    start += size;
  }
  chunks.push(bytes.subarray(start));
  return collect(readLines("-", { stdin: Readable.from(chunks) }));
}

const lines = fc.array(
  fc.string({ unit: fc.constantFrom("a", ",", "é", "節", "💩", "\t"), maxLength: 8 }),
  { maxLength: 20 },
);
const sizes = fc.array(fc.nat(7), { maxLength: 40 });

describe("readLines", () => {
  it("gives the lines however the bytes arrive, plain or gzip", async () => {
    const end = fc.constantFrom("\n", "\r\n");
    const property = fc.asyncProperty(
      lines,
      end,
      sizes,
      fc.boolean(),
      async (want, eol, cut, zip) => {
        const text = want.map((line) => line + eol).join("");
        const half = Math.floor(text.length / 2);
        // Two members, as concatenated gzip files have them.
        const bytes = zip
          ? Buffer.concat([gzipSync(text.slice(0, half)), gzipSync(text.slice(half))])
          : Buffer.from(text);
        fc.pre(!zip || !/[\ud800-\udbff]$/.test(text.slice(0, half)));
        expect(await linesOf(bytes, cut)).toEqual(want);
      },
    );
    await fc.assert(property);
  });

  it.each([
    ["nothing", "", []],
    ["one byte", "a", ["a"]],
    ["no line feed at the end", "a\nb", ["a", "b"]],
    ["blank lines", "\n\na\n\n", ["", "", "a", ""]],
    ["a byte order mark", "\ufeffa\n", ["a"]],
    ["a carriage return inside a line", "a\rb\r\n", ["a\rb"]],
  ])("reads %s", async (_, text, expected) => {
    expect(await linesOf(Buffer.from(text))).toEqual(expected);
  });

  it("accepts a line of the greatest length and refuses a longer one, wherever chunks end", async () => {
    const longest = "x".repeat(LINE_LENGTH_MAX);
    expect(await linesOf(Buffer.from(`a\n${longest}\nb`))).toEqual(["a", longest, "b"]);
    const fault = "-:2: the line has more than 65536 characters; is this a text file?";
    for (const text of [`a\n${longest}x\nb`, `a\n${longest}x`]) {
      expect(await faultsOf(linesOf(Buffer.from(text)))).toEqual([fault]);
      expect(await faultsOf(linesOf(Buffer.from(text), [9, 40_000]))).toEqual([fault]);
    }
  });

  it("gives an endless line up soon", async () => {
    let chunks = 0;
    function* endless() {
      for (; chunks < 1_000; chunks++) yield Buffer.alloc(8192, "x");
    }
    const stdin = Readable.from(endless());
    expect(await faultsOf(collect(readLines("-", { stdin })))).toEqual([
      "-:1: the line has more than 65536 characters; is this a text file?",
    ]);
    expect(chunks).toBeLessThan(100);
  });

  it.each([
    ["in the first chunk", []],
    ["after other chunks", [1, 3]],
    ["split", [5, 1]],
  ])("tells the line of bytes that are not UTF-8: %s", async (_, cut) => {
    const bytes = Buffer.concat([Buffer.from("a\nb\nc"), Buffer.from([0xe9, 0x0a, 0x64])]);
    expect(await faultsOf(linesOf(bytes, cut))).toEqual(["-:3: is not text in UTF-8"]);
  });

  it("refuses a character that the end of the file cuts off", async () => {
    expect(await faultsOf(linesOf(Buffer.from([0x61, 0x0a, 0xe7, 0xaf])))).toEqual([
      "-:2: is not text in UTF-8",
    ]);
  });

  it("refuses gzip data cut off anywhere", async () => {
    const bytes = gzipSync("a\nb\nc\n");
    for (let length = 2; length < bytes.length; length++) {
      const faults = await faultsOf(linesOf(bytes.subarray(0, length)));
      expect(faults).toHaveLength(1);
      expect(faults[0]).toMatch(/^-:\d+: the gzip data ends too early; is the file complete\?$/);
    }
  });

  it("makes an environment failure of what the machine does wrong", async () => {
    const stdin = new Readable({
      read() {
        this.destroy(Object.assign(new Error("device is gone"), { code: "EIO" }));
      },
    });
    await expect(collect(readLines("-", { stdin }))).rejects.toThrow(EnvironmentError);
  });
});

describe("readText and unreadable", () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "ipamlab-"));
    writeFileSync(join(folder, "pods.csv"), "a\r\nb\n");
    writeFileSync(join(folder, "named.txt"), gzipSync("zipped\n"));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it("reads files of known length, gzip whatever their name", async () => {
    expect(await readText(join(folder, "pods.csv"), 10)).toBe("a\nb");
    expect(await readText(join(folder, "named.txt"), 10)).toBe("zipped");
    expect(await faultsOf(readText(join(folder, "pods.csv"), 3))).toEqual([
      `${join(folder, "pods.csv")}: has more than 3 characters`,
    ]);
  });

  it.each([
    ["pods.csv", undefined],
    ["pod.csv", 'no such file (did you mean "pods.csv"?)'],
    ["quite-different", "no such file"],
    ["missing/pods.csv", "no such file"],
    ["pods.csv/x", "no such file"],
    ["", "is a directory; expected a file"],
    ["x".repeat(300), "is not a possible file name"],
    ["a\0b", "is not a possible file name"],
  ])("tells of %j", async (name, expected) => {
    expect(await unreadable(join(folder, name))).toBe(expected);
  });
});
