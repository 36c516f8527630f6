import { execFileSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FileContent, writeOutputFile } from "../../src/cli/output-file.js";
import { EnvironmentError } from "../../src/failure/failure.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ipamlab-output-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function* lines(count: number): Generator<string> {
  for (let line = 0; line < count; line++) yield `line ${line}\n`;
}

async function* slowly(
  pieces: readonly (string | Uint8Array)[],
): AsyncGenerator<string | Uint8Array> {
  for (const piece of pieces) {
    await Promise.resolve();
    yield piece;
  }
}

describe("writeOutputFile", () => {
  it.each<[string, () => FileContent, string]>([
    ["a text", () => "käse\n", "käse\n"],
    ["an empty text", () => "", ""],
    ["bytes", () => Buffer.from("abc"), "abc"],
    ["an iterable", () => ["a", "b", Buffer.from("c"), "d"], "abcd"],
    ["more than is gathered at once", () => lines(20_000), [...lines(20_000)].join("")],
    ["an async iterable", () => slowly(["a", Buffer.from("b"), "c"]), "abc"],
  ])("writes %s", async (_, content, expected) => {
    const path = join(folder, "result.json");
    await writeOutputFile(path, content());
    expect(readFileSync(path, "utf8")).toBe(expected);
    expect(readdirSync(folder)).toEqual(["result.json"]);
  });

  it("leaves the old file and nothing else when the content fails half-way", async () => {
    const path = join(folder, "result.json");
    writeFileSync(path, "old");
    function* broken(): Generator<string> {
      yield "x".repeat(100_000);
      expect(readdirSync(folder)).toHaveLength(2);
      throw new TypeError("no more");
    }
    await expect(writeOutputFile(path, broken())).rejects.toThrow(new TypeError("no more"));
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["result.json"]);
  });

  it("keeps a content's own system error apart from the file's", async () => {
    const own = Object.assign(new Error("reading failed"), { code: "EIO" });
    async function* broken(): AsyncGenerator<string> {
      yield await Promise.resolve("x");
      throw own;
    }
    await expect(writeOutputFile(join(folder, "x"), broken())).rejects.toBe(own);
  });

  it("keeps the permissions of the file that it replaces", async () => {
    const path = join(folder, "result.json");
    writeFileSync(path, "old");
    chmodSync(path, 0o600);
    await writeOutputFile(path, "new");
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("writes through a symbolic link", async () => {
    mkdirSync(join(folder, "runs"));
    const file = join(folder, "runs", "1.json");
    const link = join(folder, "latest.json");
    writeFileSync(file, "old");
    symlinkSync(file, link);
    await writeOutputFile(link, "new");
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(file, "utf8")).toBe("new");
  });

  it("writes into a pipe instead of replacing it", async () => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    await writeOutputFile(path, "through");
    const buffer = Buffer.alloc(100);
    const size = readSync(reader, buffer);
    closeSync(reader);
    expect(buffer.toString("utf8", 0, size)).toBe("through");
    expect(statSync(path).isFIFO()).toBe(true);
  });

  it("says which folder is missing", async () => {
    const path = join(folder, "missing", "result.json");
    const failure = writeOutputFile(path, "x");
    await expect(failure).rejects.toBeInstanceOf(EnvironmentError);
    await expect(failure).rejects.toThrow(
      `cannot write ${path}: no such file or directory (ENOENT)`,
    );
  });

  it("refuses a folder and a path through a file", async () => {
    await expect(writeOutputFile(folder, "x")).rejects.toThrow(
      new EnvironmentError(`cannot write ${folder}: it is a folder`),
    );
    writeFileSync(join(folder, "file"), "");
    const path = join(folder, "file", "x");
    await expect(writeOutputFile(path, "x")).rejects.toThrow(
      `cannot write ${path}: not a directory (ENOTDIR)`,
    );
  });

  it.runIf(existsSync("/dev/full"))("says that the disk is full", async () => {
    // Through a link of its own, so that a mistake here could not replace the device.
    const path = join(folder, "full");
    const device = openSync("/dev/full", "w");
    symlinkSync(`/proc/self/fd/${device}`, path);
    await expect(writeOutputFile(path, "x")).rejects.toThrow(
      `cannot write ${path}: no space left on device (ENOSPC)`,
    );
    expect(readdirSync(folder)).toEqual(["full"]);
    closeSync(device);
  });
});
