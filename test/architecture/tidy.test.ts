import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";

/** Every TypeScript file of the project, without data. */
function sourceFiles(): readonly string[] {
  return ["src", "test", "bench"]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: "utf8" }).map((path) => join(folder, path)),
    )
    .filter((path) => path.endsWith(".ts") && !path.startsWith(join("test", "fixtures")))
    .sort();
}

const files = sourceFiles();
const texts = new Map(files.map((file) => [file, readFileSync(file, "utf8")]));

/** `file:line` of every line that the rule refuses. */
function linesWhere(refuses: (line: string, file: string) => boolean): readonly string[] {
  return files.flatMap((file) =>
    texts
      .get(file)!
      .split("\n")
      .flatMap((line, index) => (refuses(line, file) ? [`${file}:${index + 1}`] : [])),
  );
}

describe("the tree", () => {
  it("names files in kebab-case, after what they hold", () => {
    const stem = (file: string): string =>
      basename(file).replace(/(\.slow)?(\.test)?(\.d)?\.ts$/, "");
    const odd = files.filter(
      (file) =>
        !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(stem(file)) ||
        /(^|\/)(utils?|helpers?|misc|common)(\.|\/)/.test(file),
    );
    expect(odd).toEqual([]);
  });

  it("keeps comments readable: 110 columns at most, unless one is a single long word", () => {
    const tooLong = linesWhere((line) => {
      const comment = /^\s*(?:\/\/|\/?\*+)(.*)$/.exec(line)?.[1];
      return comment !== undefined && line.length > 110 && comment.trim().includes(" ");
    });
    expect(tooLong).toEqual([]);
  });

  it("runs every test: none is singled out, none is put off", () => {
    const marker = new RegExp(String.raw`\b(it|test|describe)\.(only|skip|todo|fails)\b`);
    expect(linesWhere((line, file) => file.startsWith("test") && marker.test(line))).toEqual([]);
  });

  it("leaves nothing for later", () => {
    const marker = new RegExp(["TO" + "DO", "FIX" + "ME", "X" + "XX"].join("|"));
    expect(linesWhere((line) => marker.test(line))).toEqual([]);
  });

  it("refers to no place outside the repository", () => {
    const outside = new RegExp(["/wo" + "rk/", "\\.\\./sha" + "red", "/tm" + "p/\\w"].join("|"));
    expect(linesWhere((line) => outside.test(line))).toEqual([]);
  });

  it("has a subject for every test file in a room of src", () => {
    const rooms = readdirSync("src", { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
    const others = ["architecture", "bench", "fixtures", "golden", "integration"];
    const folders = readdirSync("test", { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
    expect(folders.filter((name) => !rooms.includes(name) && !others.includes(name))).toEqual([]);
  });
});
