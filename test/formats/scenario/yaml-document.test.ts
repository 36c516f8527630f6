import { describe, expect, it } from "vitest";
import { type FieldPath, YamlDocument } from "../../../src/formats/scenario/yaml-document.js";

const TEXT = `# comment
pools:
  - name: a
    cidr: 10.0.0.0/16
  - &b { name: b, labels: { x: 1 } }
  - *b
empty:
"quoted key": [1, 2]
`;

describe("YamlDocument.place", () => {
  const document = new YamlDocument("f", TEXT);

  it.each<[FieldPath, string, string]>([
    [[], "2:1", "2:1"],
    [["pools"], "3:3", "2:1"],
    [["pools", 0], "3:5", "3:5"],
    [["pools", 0, "cidr"], "4:11", "4:5"],
    [["pools", 1, "labels", "x"], "5:32", "5:29"],
    [["quoted key", 1], "8:19", "8:19"],
    // The content of an alias stands at its anchor.
    [["pools", 2, "name"], "5:16", "5:10"],
    // A key without value is shown at the key.
    [["empty"], "7:1", "7:1"],
    // What is missing is shown at the innermost part that is there.
    [["pools", 0, "blockSize"], "3:5", "3:5"],
    [["pools", 7, "name"], "3:3", "2:1"],
    [["nodes", "csv"], "2:1", "2:1"],
  ])("%j is at %s, its key at %s", (path, value, key) => {
    const text = (place: { line: number; column: number }) => `${place.line}:${place.column}`;
    expect(text(document.place(path))).toBe(value);
    expect(text(document.place(path, "key"))).toBe(key);
  });
});

describe("YamlDocument", () => {
  it.each([
    [
      "a list that is not closed",
      "a: [1, 2\n",
      "f:1:4: the list that begins with [ is not closed by ]",
    ],
    [
      "a mapping that is not closed",
      "a: {b: 1\nc: 2\n",
      "f:1:4: the mapping that begins with { is not closed by }",
    ],
    [
      "something after a value",
      "a: 'x' y\n",
      "f:1:8: something follows the value that does not belong to it",
    ],
    ["a stray bracket", "a: ]\n", 'f:1:4: unexpected "]"'],
    ["an escape that is none", 'a: "\\q"\n', "f:1:5: not valid YAML: invalid escape sequence \\q"],
    ["a mapping as a key", "? {a: 1}\n: 2\n", "f:1:3: a key must be a text"],
    ["no colon", "a: 1\nb\nc: 2\n", 'f:2:1: expected "key: value", found no colon'],
    [
      "an alias before its anchor",
      "a: *x\nb: &x 1\n",
      "f:1:4: *x stands for nothing: no &x before it",
    ],
    [
      "too many aliases",
      `a: &x 1\nb: [${"*x, ".repeat(1001)}]\n`,
      "f: has more than 1000 aliases (*name)",
    ],
  ])("refuses %s", (_, text, expected) => {
    expect(() => new YamlDocument("f", text)).toThrow(expected);
  });

  it("tells every fault of the syntax, one a line", () => {
    const expected = [
      "f:1:4: the list that begins with [ is not closed by ]",
      "f:2:8: something follows the value that does not belong to it",
      "f:4:1: a tab cannot indent; use spaces",
    ];
    const text = "a: [1\nb: 'x' y\nc:\n\td: 1\n";
    expect(() => new YamlDocument("f", text)).toThrow(expected.join("\n"));
  });

  it("refuses aliases that multiply the content", () => {
    const bomb = Array.from({ length: 12 }, (_, i) =>
      i === 0 ? "a0: &a0 [x, x, x]\n" : `a${i}: &a${i} [${`*a${i - 1}, `.repeat(9)}]\n`,
    );
    const expected = "f: aliases (*name) make the content too large; write it out";
    expect(() => new YamlDocument("f", bomb.join(""))).toThrow(expected);
  });

  it.each(["[", "- ", "{a: ", "? "])("refuses deep nesting of %j without recursion", (open) => {
    const expected = "f: is nested more than 50 levels deep";
    expect(() => new YamlDocument("f", open.repeat(20_000))).toThrow(expected);
  });

  it("keeps plain texts that other YAML readers turn into something else", () => {
    const text = "a: no\nb: 12:30:00\nc: 2024-01-01\nd: 1_000\n";
    expect(new YamlDocument("f", text).value).toEqual({
      a: "no",
      b: "12:30:00",
      c: "2024-01-01",
      d: "1_000",
    });
  });
});
