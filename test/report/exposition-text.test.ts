import { describe, expect, it } from "vitest";
import { expositionText } from "../../src/report/exposition-text.js";

describe("expositionText", () => {
  it("writes what Prometheus reads", () => {
    const text = expositionText([
      {
        name: "ipam_blocks",
        help: "Blocks \\ by\nowner.",
        type: "gauge",
        samples: [
          { labels: { ippool: "default", node: 'a"b\\c\nd' }, value: 3 },
          { labels: {}, value: 2 ** 80 },
          { labels: {}, value: Infinity },
          { labels: {}, value: -Infinity },
          { labels: {}, value: NaN },
          { labels: {}, value: 0.5 },
        ],
      },
      { name: "none", help: "", type: "counter", samples: [] },
      { name: "c", help: "", type: "counter", samples: [{ labels: { a: "" }, value: 0 }] },
    ]);
    expect(text).toBe(
      [
        "# HELP ipam_blocks Blocks \\\\ by\\nowner.",
        "# TYPE ipam_blocks gauge",
        'ipam_blocks{ippool="default",node="a\\"b\\\\c\\nd"} 3',
        "ipam_blocks 1.2089258196146292e+24",
        "ipam_blocks +Inf",
        "ipam_blocks -Inf",
        "ipam_blocks NaN",
        "ipam_blocks 0.5",
        "# HELP c ",
        "# TYPE c counter",
        'c{a=""} 0',
        "",
      ].join("\n"),
    );
  });
});
