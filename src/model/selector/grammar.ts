import { always, everyOf, hasValue, isPresent, type LabelTest, not, someOf } from "./label-test.js";
import { SelectorSyntaxError } from "./syntax-error.js";
import { type Token, TokenKind, tokenListText, tokenText } from "./token.js";

/** Calico has no such limit; it keeps a selector from exhausting the stack. */
const MAX_NESTED_PARENTHESES = 500;

type Parsed = LabelTest | SelectorSyntaxError;

/** Tests of a label's value against one string, by operator. */
const STRING_TESTS = new Map<TokenKind, (value: string, wanted: string) => boolean>([
  [TokenKind.equal, (value, wanted) => value === wanted],
  [TokenKind.notEqual, (value, wanted) => value === wanted],
  [TokenKind.contains, (value, wanted) => value.includes(wanted)],
  [TokenKind.startsWith, (value, wanted) => value.startsWith(wanted)],
  [TokenKind.endsWith, (value, wanted) => value.endsWith(wanted)],
]);

/**
 * Reads tokens by this grammar (`libcalico-go/lib/selector/parser/parser.go@v3.28.4`):
 *
 * ```
 * selector   = [ either ] end
 * either     = both { "||" both }
 * both       = operation { "&&" operation }
 * operation  = { "!" } ( "has(label)" | "all()" | "global()" | comparison | "(" either ")" )
 * comparison = label ( "==" | "!=" | "contains" | "starts with" | "ends with" ) string
 *            | label ( "in" | "not in" ) "{" [ string { "," string } [ "," ] ] "}"
 * ```
 */
export class SelectorGrammar {
  #position = 0;
  #nestedParentheses = 0;

  /** @param tokens Tokens of a whole selector, the last one being `end`. */
  constructor(private readonly tokens: readonly Token[]) {}

  parse(): Parsed {
    if (this.#isAt(TokenKind.end)) return always;
    const test = this.#either();
    if (test instanceof SelectorSyntaxError || this.#isAt(TokenKind.end)) return test;
    const rest = this.tokens.slice(this.#position);
    return this.#fault(`unexpected content at end of selector ${tokenListText(rest)}`);
  }

  get #current(): Token {
    return this.tokens[this.#position]!;
  }

  #isAt(kind: TokenKind): boolean {
    return this.#current.kind === kind;
  }

  /** Steps over the current token if it is of this kind. */
  #skip(kind: TokenKind): boolean {
    if (!this.#isAt(kind)) return false;
    this.#position++;
    return true;
  }

  #fault(message: string): SelectorSyntaxError {
    return new SelectorSyntaxError(message, this.#current.offset);
  }

  #either(): Parsed {
    const tests: LabelTest[] = [];
    do {
      const test = this.#both();
      if (test instanceof SelectorSyntaxError) return test;
      tests.push(test);
    } while (this.#skip(TokenKind.or));
    return someOf(tests);
  }

  #both(): Parsed {
    const tests: LabelTest[] = [];
    do {
      const test = this.#operation();
      if (test instanceof SelectorSyntaxError) return test;
      tests.push(test);
    } while (this.#skip(TokenKind.and));
    return everyOf(tests);
  }

  #operation(): Parsed {
    let isNegated = false;
    while (this.#skip(TokenKind.not)) isNegated = !isNegated;
    const test = this.#operand();
    return isNegated && !(test instanceof SelectorSyntaxError) ? not(test) : test;
  }

  #operand(): Parsed {
    const token = this.#current;
    if (token.kind === TokenKind.label) return this.#comparison();
    if (token.kind === TokenKind.openParenthesis) return this.#parenthesised();
    if (this.#skip(TokenKind.has)) return isPresent(token.value!);
    if (this.#skip(TokenKind.all) || this.#skip(TokenKind.global)) return always;
    return this.#fault(`Unexpected token: ${tokenText(token)}`);
  }

  #parenthesised(): Parsed {
    if (this.#nestedParentheses === MAX_NESTED_PARENTHESES) {
      return this.#fault(
        `more than ${MAX_NESTED_PARENTHESES} nested parentheses, which ipamlab does not read`,
      );
    }
    this.#position++;
    this.#nestedParentheses++;
    const test = this.#either();
    this.#nestedParentheses--;
    if (test instanceof SelectorSyntaxError) return test;
    return this.#skip(TokenKind.closeParenthesis) ? test : this.#fault("Expected )");
  }

  #comparison(): Parsed {
    const rest = this.tokens.slice(this.#position, this.#position + 3);
    if (rest.length < 3) {
      return this.#fault(`Unexpected end of string in middle of op${tokenListText(rest)}`);
    }
    const [label, operator] = rest as [Token, Token, Token];
    this.#position++;
    const test = STRING_TESTS.get(operator.kind);
    if (test !== undefined) return this.#stringComparison(label.value!, operator.kind, test);
    if (operator.kind === TokenKind.in || operator.kind === TokenKind.notIn) {
      return this.#setComparison(label.value!, operator.kind);
    }
    return this.#fault(`Expected == or != not ${tokenText(operator)}`);
  }

  #stringComparison(
    name: string,
    operator: TokenKind,
    test: (value: string, wanted: string) => boolean,
  ): Parsed {
    this.#position++;
    const wanted = this.#current;
    if (!this.#skip(TokenKind.string)) return this.#fault("Expected string");
    const isWanted = hasValue(name, (value) => test(value, wanted.value!));
    // An absent label differs from every value.
    return operator === TokenKind.notEqual ? not(isWanted) : isWanted;
  }

  #setComparison(name: string, operator: TokenKind): Parsed {
    this.#position++;
    if (!this.#skip(TokenKind.openBrace)) return this.#fault("Expected set literal");
    const values = new Set<string>();
    for (;;) {
      const { value } = this.#current;
      if (!this.#skip(TokenKind.string)) break;
      values.add(value!);
      if (!this.#skip(TokenKind.comma)) break;
    }
    if (!this.#skip(TokenKind.closeBrace)) return this.#fault("Expected }");
    const isInSet = hasValue(name, (value) => values.has(value));
    return operator === TokenKind.notIn ? not(isInSet) : isInSet;
  }
}
