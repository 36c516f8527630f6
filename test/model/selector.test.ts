import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Labels, parseSelector, SelectorSyntaxError } from "../../src/model/selector.js";

/** Whether the selector matches; fails the test when it is not a selector. */
function matches(text: string, labels: Labels): boolean {
  const selector = parseSelector(text);
  if (selector instanceof SelectorSyntaxError) throw new Error(`${text}: ${selector.message}`);
  return selector.evaluate(labels);
}

describe("a selector on its own", () => {
  const labels = { zone: "a", rack: "r1", empty: "", "kubernetes.io/os": "linux" };

  test.each<[string, boolean]>([
    ["", true],
    [" \t ", true],
    ["all()", true],
    ["all( \n)", true],
    ["global()", true],
    ["!all()", false],
    ["!global()", false],
    ["has(zone)", true],
    ["has( zone\t)", true],
    ["has(empty)", true],
    ["has(absent)", false],
    ["!has(zone)", false],
    ["!has(absent)", true],
    ["!!has(zone)", true],
    ["! ! !has(zone)", false],
    ["zone == 'a'", true],
    ['zone == "a"', true],
    ["zone=='a'", true],
    ["zone == 'A'", false],
    ["zone == 'ab'", false],
    ["empty == ''", true],
    ["absent == ''", false],
    ["absent == 'a'", false],
    ["!absent == 'a'", true],
    ["zone != 'a'", false],
    ["zone != 'b'", true],
    ["empty != ''", false],
    ["absent != 'a'", true],
    ["absent != ''", true],
    ["!absent != 'a'", false],
    ["zone in {'a', 'b'}", true],
    ["zone in {'b','c'}", false],
    ["zone in {'a',}", true],
    ["zone in{'a'}", true],
    ["zone in {}", false],
    ["absent in {'a'}", false],
    ["absent in {''}", false],
    ["zone not in {'a', 'b'}", false],
    ["zone not in {'b'}", true],
    ["zone notin {'b'}", true],
    ["zone not \n in {'b'}", true],
    ["zone not in {}", true],
    ["absent not in {'a'}", true],
    ["absent not in {}", true],
    ["rack contains 'r'", true],
    ["rack contains '1'", true],
    ["rack contains 'r1'", true],
    ["rack contains ''", true],
    ["rack contains '2'", false],
    ["absent contains ''", false],
    ["rack starts with 'r'", true],
    ["rack startswith 'r'", true],
    ["rack starts with '1'", false],
    ["rack starts with ''", true],
    ["absent starts with ''", false],
    ["rack ends with '1'", true],
    ["rack endswith'1'", true],
    ["rack ends with 'r'", false],
    ["absent ends with ''", false],
    ["kubernetes.io/os == 'linux'", true],
    ["(zone == 'a')", true],
    ["!(zone == 'a')", false],
    ["((zone == 'a'))", true],
  ])("%j is %s", (text, expected) => {
    expect(matches(text, labels)).toBe(expected);
    expect(matches(text, new Map(Object.entries(labels)))).toBe(expected);
  });
});

describe("words of the language are label names too", () => {
  test.each([
    ["in in {'x'}", { in: "x" }],
    ["not not in {'y'}", { not: "x" }],
    ["contains contains 'x'", { contains: "x" }],
    ["starts starts with 'x'", { starts: "x" }],
    ["all == 'x'", { all: "x" }],
    ["has == 'x'", { has: "x" }],
    ["global != 'x'", { global: "y" }],
    ["allowed == 'x'", { allowed: "x" }],
    ["-._/ == 'x'", { "-._/": "x" }],
    ["1 == '1'", { "1": "1" }],
  ])("%j", (text, labels: Record<string, string>) => {
    expect(matches(text, labels)).toBe(true);
    expect(matches(text, {})).toBe(text.includes("not in") || text.includes("!="));
  });
});

describe("strings", () => {
  test.each([
    [`k == "it's"`, "it's"],
    [`k == 'say "so"'`, 'say "so"'],
    ["k == 'a\\'", "a\\"],
    ["k == ' a '", " a "],
    ["k == 'a\nb'", "a\nb"],
    ["k == '&& || ! ( ) { } , =='", "&& || ! ( ) { } , =="],
    ["k == '節點'", "節點"],
  ])("%j", (text, value) => {
    expect(matches(text, { k: value })).toBe(true);
    expect(matches(text, { k: `${value}.` })).toBe(false);
  });
});

describe("label names", () => {
  test.each(["constructor", "toString", "__proto__", "hasOwnProperty"])(
    "%s is absent until it is set",
    (name) => {
      expect(matches(`has(${name})`, {})).toBe(false);
      expect(matches(`has(${name})`, new Map())).toBe(false);
      const labels = JSON.parse(`{"${name}": "x"}`) as Record<string, string>;
      expect(matches(`${name} == 'x'`, labels)).toBe(true);
    },
  );

  test("have up to 512 characters", () => {
    const name = "k".repeat(512);
    expect(matches(`has(${name})`, { [name]: "" })).toBe(true);
    expect(matches(`${name} == ''`, { [name]: "" })).toBe(true);
  });
});

describe("precedence", () => {
  // Every value of three labels, so that each grouping differs somewhere.
  const bits = [0, 1, 2, 3, 4, 5, 6, 7].map((value) => ({
    a: (value & 1) !== 0,
    b: (value & 2) !== 0,
    c: (value & 4) !== 0,
  }));

  test.each<[string, (a: boolean, b: boolean, c: boolean) => boolean]>([
    ["has(a) || has(b) && has(c)", (a, b, c) => a || (b && c)],
    ["has(a) && has(b) || has(c)", (a, b, c) => (a && b) || c],
    ["(has(a) || has(b)) && has(c)", (a, b, c) => (a || b) && c],
    ["has(a) && (has(b) || has(c))", (a, b, c) => a && (b || c)],
    ["!has(a) && has(b) || has(c)", (a, b, c) => (!a && b) || c],
    ["!(has(a) && has(b)) || has(c)", (a, b, c) => !(a && b) || c],
    ["!(has(a) || has(b)) && !has(c)", (a, b, c) => !(a || b) && !c],
    ["has(a) && has(b) && has(c)", (a, b, c) => a && b && c],
    ["has(a)||has(b)||has(c)", (a, b, c) => a || b || c],
    ["!a == 'x' || has(b) && has(c)", (a, b, c) => !a || (b && c)],
  ])("%s", (text, expected) => {
    for (const { a, b, c } of bits) {
      const labels = { ...(a && { a: "x" }), ...(b && { b: "x" }), ...(c && { c: "x" }) };
      expect({ a, b, c, is: matches(text, labels) }).toEqual({ a, b, c, is: expected(a, b, c) });
    }
  });
});

describe("syntax errors", () => {
  test.each<[string, string, number]>([
    // Of the tokenizer.
    ["a = 'b'", "expected ==", 2],
    ["a =", "expected ==", 2],
    ["has(a) & has(b)", "expected &&", 7],
    ["has(a) | has(b)", "expected ||", 7],
    ["a == 'b", "unterminated string", 5],
    ["a == \"b'", "unterminated string", 5],
    ["a == $", "unexpected characters", 5],
    ["\na == 'b'", "unexpected characters", 0],
    ["節點 == 'b'", "unexpected characters", 0],
    ["a b", "unexpected characters after label 'a', was expecting an operator", 2],
    ["a $", "unexpected characters after label 'a', was expecting an operator", 2],
    ["a starts 'b'", "unexpected characters after label 'a', was expecting an operator", 2],
    ["a not 'b'", "unexpected characters after label 'a', was expecting an operator", 2],
    ["a inside {'b'}", "unexpected characters after label 'a', was expecting an operator", 2],
    ["has(a b)", "unexpected characters after label 'a', was expecting an operator", 6],
    // Of the parser.
    ["a", "Unexpected end of string in middle of op[{1 a} {21 <nil>}]", 0],
    ["has(b) && !a", "Unexpected end of string in middle of op[{1 a} {21 <nil>}]", 11],
    ["a ==", "Expected string", 4],
    ["a == b", "Expected string", 5],
    ["a != {'b'}", "Expected string", 5],
    ["a contains b", "Expected string", 11],
    ["a starts with", "Expected string", 13],
    ["a startswithb", "Expected string", 12],
    ["a ends with in", "Expected string", 12],
    ["a in", "Expected set literal", 4],
    ["a in 'b'", "Expected set literal", 5],
    ["a not in ('b')", "Expected set literal", 9],
    ["a in {", "Expected }", 6],
    ["a in {'b'", "Expected }", 9],
    ["a in {'b',", "Expected }", 10],
    ["a in {,}", "Expected }", 6],
    ["a in {'b' 'c'}", "Expected }", 10],
    ["a in {b}", "Expected }", 6],
    ["(has(a)", "Expected )", 7],
    ["(has(a) has(b))", "Expected )", 8],
    ["a()", "Expected == or != not {16 <nil>}", 1],
    ["has()", "Expected == or != not {16 <nil>}", 3],
    ["all (", "Expected == or != not {16 <nil>}", 4],
    ["a 'b'", "Expected == or != not {2 b}", 2],
    ["a && has(b)", "Expected == or != not {18 <nil>}", 2],
    ["a !has(b)", "Expected == or != not {9 <nil>}", 2],
    ["'a' == 'b'", "Unexpected token: {2 a}", 0],
    ["()", "Unexpected token: {17 <nil>}", 1],
    ["(", "Unexpected token: {21 <nil>}", 1],
    ["!", "Unexpected token: {21 <nil>}", 1],
    ["has(a) &&", "Unexpected token: {21 <nil>}", 9],
    ["has(a) || || has(b)", "Unexpected token: {19 <nil>}", 10],
    ["{'a'}", "Unexpected token: {3 <nil>}", 0],
    ["!= 'a'", "Unexpected token: {7 <nil>}", 0],
    ["has(a) has(b)", "unexpected content at end of selector [{15 b} {21 <nil>}]", 7],
    [
      "a == 'b' c == 'd'",
      "unexpected content at end of selector [{1 c} {6 <nil>} {2 d} {21 <nil>}]",
      9,
    ],
    ["all())", "unexpected content at end of selector [{17 <nil>} {21 <nil>}]", 5],
    // In Calico's order: the tokenizer's faults come first, wherever they are.
    ["has(a) has(b) $", "unexpected characters", 14],
  ])("%j: %s", (text, message, offset) => {
    expect(parseSelector(text)).toEqual(new SelectorSyntaxError(message, offset));
  });

  test("a label name beyond 512 characters", () => {
    const name = "k".repeat(513);
    const message = `unexpected characters after label '${"k".repeat(512)}', was expecting an operator`;
    expect(parseSelector(`${name} == 'x'`)).toEqual(new SelectorSyntaxError(message, 512));
    expect(parseSelector(`has(${name})`)).toEqual(new SelectorSyntaxError(message, 516));
  });

  test("parentheses are read to a depth of 500", () => {
    const nested = (depth: number) => `${"(".repeat(depth)}has(a)${")".repeat(depth)}`;
    expect(matches(nested(500), { a: "" })).toBe(true);
    const deeper = parseSelector(nested(100_000));
    expect(deeper).toEqual(
      new SelectorSyntaxError("more than 500 nested parentheses, which ipamlab does not read", 500),
    );
  });

  test("no text makes the parser throw", () => {
    const piece = fc.constantFrom(
      ..."a b has( all() global( ) ( { } , ' \" == != = ! && & || | in not contains starts with ends"
        .split(" ")
        .flatMap((word) => [word, ` ${word}`]),
    );
    const texts = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(piece).map((all) => all.join("")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const selector = parseSelector(text);
        if (selector instanceof SelectorSyntaxError) {
          expect(selector.offset).toBeLessThanOrEqual(text.length);
        } else {
          expect(typeof selector.evaluate({ a: "b" })).toBe("boolean");
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("any selector", () => {
  interface Sample {
    readonly text: string;
    readonly expected: (labels: ReadonlyMap<string, string>) => boolean;
  }
  const name = fc.constantFrom("a", "b", "in", "x/y.z");
  const value = fc.constantFrom("", "v", "w", "vw");
  const operand: fc.Arbitrary<Sample> = fc.oneof(
    fc.constant({ text: "all()", expected: () => true }),
    name.map((k): Sample => ({ text: `has(${k})`, expected: (labels) => labels.has(k) })),
    fc
      .tuple(name, value)
      .chain(([k, v]) =>
        fc.constantFrom<Sample>(
          { text: `${k} == "${v}"`, expected: (labels) => labels.get(k) === v },
          { text: `${k} != '${v}'`, expected: (labels) => labels.get(k) !== v },
          { text: `${k} contains '${v}'`, expected: (l) => l.get(k)?.includes(v) ?? false },
          { text: `${k} starts with '${v}'`, expected: (l) => l.get(k)?.startsWith(v) ?? false },
          { text: `${k} ends with '${v}'`, expected: (l) => l.get(k)?.endsWith(v) ?? false },
        ),
      ),
    fc.tuple(name, fc.array(value), fc.boolean()).map(([k, values, isIn]): Sample => {
      const set = `{${values.map((v) => `'${v}'`).join(", ")}}`;
      return {
        text: `${k} ${isIn ? "in" : "not in"} ${set}`,
        expected: (labels) => (values as (string | undefined)[]).includes(labels.get(k)) === isIn,
      };
    }),
  );
  const { sample } = fc.letrec<{ sample: Sample }>((tie) => ({
    sample: fc.oneof(
      { depthSize: "small" },
      operand,
      tie("sample").map(
        ({ text, expected }): Sample => ({
          text: `!(${text})`,
          expected: (labels) => !expected(labels),
        }),
      ),
      fc.tuple(tie("sample"), tie("sample")).map(
        ([a, b]): Sample => ({
          text: `(${a.text}) && (${b.text})`,
          expected: (labels) => a.expected(labels) && b.expected(labels),
        }),
      ),
      fc.tuple(tie("sample"), tie("sample")).map(
        ([a, b]): Sample => ({
          text: `(${a.text})||(${b.text})`,
          expected: (labels) => a.expected(labels) || b.expected(labels),
        }),
      ),
    ),
  }));

  test("means what its parts mean, for a record as for a map", () => {
    fc.assert(
      fc.property(sample, fc.dictionary(name, value), ({ text, expected }, labels) => {
        const map = new Map(Object.entries(labels));
        expect(matches(text, map)).toBe(expected(map));
        expect(matches(text, labels)).toBe(expected(map));
      }),
      { numRuns: 500 },
    );
  });
});
