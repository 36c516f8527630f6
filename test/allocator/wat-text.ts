/** An expression of WebAssembly's text format: a word, or a list in parentheses. */
export type Expression = string | readonly Expression[];

type List = readonly Expression[];

/** The expressions of a text; comments are left out. */
export function readWat(text: string): List {
  const stack: Expression[][] = [[]];
  for (const [token] of text.replace(/;;.*$/gm, "").matchAll(/[()]|"[^"]*"|[^\s()]+/g)) {
    if (token === "(") stack.push([]);
    else if (token !== ")") stack.at(-1)!.push(token);
    else {
      const list = stack.pop()!;
      stack.at(-1)!.push(list);
    }
  }
  if (stack.length !== 1) throw new Error("a parenthesis is not closed");
  return stack[0]!;
}

export function writeWat(expression: Expression): string {
  return typeof expression === "string" ? expression : `(${expression.map(writeWat).join(" ")})`;
}

/** The same with every list below replaced, the innermost first. */
export function rewrite(expression: Expression, replace: (list: List) => Expression): Expression {
  if (typeof expression === "string") return expression;
  return replace(expression.map((each) => rewrite(each, replace)));
}

/** A function that is one expression of its parameters. */
interface Macro {
  readonly parameters: readonly string[];
  readonly body: Expression;
}

const headOf = (expression: Expression): Expression | undefined =>
  typeof expression === "string" ? undefined : expression[0];

function macroOf(list: List): Macro | undefined {
  const [, , ...rest] = list;
  const isSignature = (each: Expression) => ["param", "result"].includes(headOf(each) as string);
  const [body, ...others] = rest.filter((each) => !isSignature(each));
  const heads = rest.map(headOf);
  if (body === undefined || others.length > 0 || !heads.includes("result")) return undefined;
  if (heads.includes("export") || heads.includes("local")) return undefined;
  const parameters = rest.filter((each) => headOf(each) === "param").map((each) => each[1]);
  return { parameters: parameters as string[], body };
}

function isGet(expression: Expression, name: string): boolean {
  return headOf(expression) === "local.get" && expression[1] === name;
}

function countOf(body: Expression, name: string): number {
  if (typeof body === "string") return 0;
  return isGet(body, name) ? 1 : body.reduce((sum, each) => sum + countOf(each, name), 0);
}

function expand(name: string, { parameters, body }: Macro, values: List): Expression {
  for (const [i, parameter] of parameters.entries()) {
    const isPlain = ["local.get", "global.get", "i32.const"].includes(headOf(values[i]!) as string);
    if (countOf(body, parameter) > 1 && !isPlain) {
      throw new Error(`${name} uses ${parameter} twice: give it a local`);
    }
  }
  return rewrite(body, (list) => {
    const at = parameters.findIndex((parameter) => isGet(list, parameter));
    return at < 0 ? list : values[at]!;
  });
}

/**
 * Puts every function that is one expression, and not exported, in the place of its calls, which V8
 * does not do. Functions are defined before they are called.
 */
export function inline(module: List): List {
  const macros = new Map<string, Macro>();
  const kept: Expression[] = [];
  for (const definition of module) {
    const expanded = rewrite(definition, (list) => {
      const name = list[1] as string;
      const macro = list[0] === "call" ? macros.get(name) : undefined;
      return macro === undefined ? list : expand(name, macro, list.slice(2));
    });
    const macro = headOf(expanded) === "func" ? macroOf(expanded as List) : undefined;
    if (macro === undefined) kept.push(expanded);
    else macros.set(expanded[1] as string, macro);
  }
  return kept;
}
