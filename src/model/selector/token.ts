/**
 * Kinds of token. The numbers are Calico's, because its syntax errors print them
 * (`libcalico-go/lib/selector/tokenizer/tokenizer.go@v3.28.4`).
 */
export const TokenKind = {
  label: 1,
  string: 2,
  openBrace: 3,
  closeBrace: 4,
  comma: 5,
  equal: 6,
  notEqual: 7,
  in: 8,
  not: 9,
  notIn: 10,
  contains: 11,
  startsWith: 12,
  endsWith: 13,
  all: 14,
  has: 15,
  openParenthesis: 16,
  closeParenthesis: 17,
  and: 18,
  or: 19,
  global: 20,
  end: 21,
} as const;

export type TokenKind = (typeof TokenKind)[keyof typeof TokenKind];

export interface Token {
  readonly kind: TokenKind;
  /** Label name of `label` and `has`, text between the quotes of `string`; null for the others. */
  readonly value: string | null;
  /** Characters of the selector before the token. */
  readonly offset: number;
}

/** A token as Calico's errors print it: Go's `%v` of a struct of kind and value. */
export function tokenText(token: Token): string {
  return `{${token.kind} ${token.value ?? "<nil>"}}`;
}

/** Several tokens as Calico's errors print them. */
export function tokenListText(tokens: readonly Token[]): string {
  return `[${tokens.map(tokenText).join(" ")}]`;
}
