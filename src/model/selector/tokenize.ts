import { SelectorSyntaxError } from "./syntax-error.js";
import { type Token, TokenKind } from "./token.js";

/**
 * What a token looks like at the place of reading. A group of the pattern is the token's value. A
 * rule without kind is a fault.
 */
type Rule =
  | { readonly pattern: RegExp; readonly kind: TokenKind }
  | { readonly pattern: RegExp; readonly fault: string };

/** Told by their first character, which means the same everywhere. */
const SYMBOLS: readonly Rule[] = [
  { pattern: /\(/y, kind: TokenKind.openParenthesis },
  { pattern: /\)/y, kind: TokenKind.closeParenthesis },
  { pattern: /\{/y, kind: TokenKind.openBrace },
  { pattern: /\}/y, kind: TokenKind.closeBrace },
  { pattern: /,/y, kind: TokenKind.comma },
  { pattern: /"([^"]*)"/y, kind: TokenKind.string },
  { pattern: /'([^']*)'/y, kind: TokenKind.string },
  { pattern: /["']/y, fault: "unterminated string" },
  { pattern: /==/y, kind: TokenKind.equal },
  { pattern: /=/y, fault: "expected ==" },
  { pattern: /!=/y, kind: TokenKind.notEqual },
  { pattern: /!/y, kind: TokenKind.not },
  { pattern: /&&/y, kind: TokenKind.and },
  { pattern: /&/y, fault: "expected &&" },
  { pattern: /\|\|/y, kind: TokenKind.or },
  { pattern: /\|/y, fault: "expected ||" },
];

/** Right after a label, words are operators; only `in` has to end there. */
const OPERATOR_WORDS: readonly Rule[] = [
  { pattern: /contains/y, kind: TokenKind.contains },
  { pattern: /starts[\t\n\f\r ]*with/y, kind: TokenKind.startsWith },
  { pattern: /ends[\t\n\f\r ]*with/y, kind: TokenKind.endsWith },
  { pattern: /not[\t\n\f\r ]*in\b/y, kind: TokenKind.notIn },
  { pattern: /in\b/y, kind: TokenKind.in },
];

/** Elsewhere words are calls or labels. A label name has at most 512 characters. */
const OPERAND_WORDS: readonly Rule[] = [
  {
    pattern: /has\([\t\n\f\r ]*([a-zA-Z0-9_./-]{1,512})[\t\n\f\r ]*\)/y,
    kind: TokenKind.has,
  },
  { pattern: /all\([\t\n\f\r ]*\)/y, kind: TokenKind.all },
  { pattern: /global\([\t\n\f\r ]*\)/y, kind: TokenKind.global },
  { pattern: /([a-zA-Z0-9_./-]{1,512})/y, kind: TokenKind.label },
];

/** Between tokens only these count as blank; other white space is a fault. */
const BLANKS = /[ \t]*/y;

function matchAt(pattern: RegExp, text: string, offset: number): RegExpExecArray | null {
  pattern.lastIndex = offset;
  return pattern.exec(text);
}

/**
 * Splits a selector into tokens, the last of which is `end`
 * (`libcalico-go/lib/selector/tokenizer/tokenizer.go@v3.28.4`).
 */
export function tokenize(text: string): Token[] | SelectorSyntaxError {
  const tokens: Token[] = [];
  let offset = 0;
  for (;;) {
    offset += matchAt(BLANKS, text, offset)![0].length;
    if (offset === text.length) {
      tokens.push({ kind: TokenKind.end, value: null, offset });
      return tokens;
    }
    const read = readToken(text, offset, tokens.at(-1));
    if (read instanceof SelectorSyntaxError) return read;
    tokens.push(read.token);
    offset += read.length;
  }
}

function readToken(
  text: string,
  offset: number,
  previous: Token | undefined,
): { token: Token; length: number } | SelectorSyntaxError {
  const isAfterLabel = previous?.kind === TokenKind.label;
  for (const rules of [SYMBOLS, isAfterLabel ? OPERATOR_WORDS : OPERAND_WORDS]) {
    for (const rule of rules) {
      const match = matchAt(rule.pattern, text, offset);
      if (match === null) continue;
      if ("fault" in rule) return new SelectorSyntaxError(rule.fault, offset);
      const token = { kind: rule.kind, value: match[1] ?? null, offset };
      return { token, length: match[0].length };
    }
  }
  const fault = isAfterLabel
    ? `unexpected characters after label '${previous.value}', was expecting an operator`
    : "unexpected characters";
  return new SelectorSyntaxError(fault, offset);
}
