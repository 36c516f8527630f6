import { describe, expect, it } from "vitest";
import { formatTable } from "../../src/report/table.js";

describe("formatTable", () => {
  it("puts numbers to the right and text to the left", () => {
    const table = formatTable(
      [{ title: "node" }, { title: "blocks" }, { title: "ratio" }],
      [
        ["a", 12, 0.5],
        ["node-0001", 1_234_567, undefined],
        ["b", 10n ** 4n, 1],
      ],
    );
    expect(table).toBe(
      [
        "node          blocks  ratio",
        "a                 12  0.500",
        "node-0001  1,234,567      -",
        "b             10,000      1",
        "",
      ].join("\n"),
    );
  });

  it("obeys the given alignment and indent, and leaves no trailing blanks", () => {
    const table = formatTable(
      [
        { title: "p99", align: "right" },
        { title: "count", align: "left" },
      ],
      [["1.25 ms", 3]],
      { indent: 2 },
    );
    expect(table).toBe("      p99  count\n  1.25 ms  3\n");
  });

  it("writes only the titles when there are no rows", () => {
    expect(formatTable([{ title: "a" }, { title: "b" }], [])).toBe("a  b\n");
  });

  it("has escape codes only when asked, around the titles", () => {
    const columns = [{ title: "a" }];
    expect(formatTable(columns, [["x"]], { color: true })).toBe("\u001b[1ma\u001b[22m\nx\n");
    expect(formatTable(columns, [["x"]], { color: false })).toBe("a\nx\n");
  });

  it("does not pass control characters of names on to the terminal", () => {
    expect(formatTable([{ title: "h" }], [["a\u001b[31m\nb\u202e"]])).toBe(
      "h\na\\x1b[31m\\x0ab\\u202e\n",
    );
  });

  it("counts visible characters, not code units", () => {
    expect(
      formatTable(
        [{ title: "a" }, { title: "b" }],
        [
          ["é👩‍💻", 1],
          ["xyz", 2],
        ],
      ),
    ).toBe("a    b\né👩‍💻   1\nxyz  2\n");
  });

  it("takes more rows than a call may have arguments", () => {
    const rows = Array.from({ length: 200_000 }, (_, i) => [i]);
    expect(
      formatTable([{ title: "n" }], rows)
        .split("\n")
        .at(-2),
    ).toBe("199,999");
  });

  it("refuses a row with the wrong number of cells", () => {
    expect(() => formatTable([{ title: "a" }], [["x"], []])).toThrow(
      "table row 1 has 0 cells, the table has 1 columns",
    );
  });
});
