import type * as z from "zod";
import { didYouMean, nearestName } from "../../failure/nearest-name.js";
import { describeValue, orList } from "./wording.js";
import type { FieldPath } from "./yaml-document.js";

/** A fault of a scenario's content; the document knows its place. */
export interface Finding {
  readonly path: FieldPath;
  readonly message: string;
  /** Point at the key rather than at the value. */
  readonly atKey?: boolean;
  /** The field that an unknown key was probably meant for. */
  readonly meant?: FieldPath | undefined;
}

type Issue = z.core.$ZodIssue;

/** The part of a JSON Schema that tells which keys there are. */
interface KeySchema {
  readonly properties?: Readonly<Record<string, KeySchema & { readonly const?: unknown }>>;
  readonly items?: KeySchema;
  readonly oneOf?: readonly KeySchema[];
  readonly anyOf?: readonly KeySchema[];
  readonly [keyword: string]: unknown;
}

/** The value of a field of the file, or undefined when the file does not have it. */
export function valueAt(value: unknown, path: FieldPath): unknown {
  let found = value;
  for (const segment of path) {
    if (typeof found !== "object" || found === null) return undefined;
    found = Object.getOwnPropertyDescriptor(found, segment)?.value as unknown;
  }
  return found;
}

/** Whether the constants of a schema (its `executor`) agree with the value. */
function constantsFit(schema: KeySchema, value: unknown): boolean {
  return Object.entries(schema.properties ?? {}).every(
    ([key, { const: constant }]) => constant === undefined || valueAt(value, [key]) === constant,
  );
}

/** The arms of a schema, at any depth, that the constants of the value choose. */
function armsOf(schema: KeySchema, value: unknown): KeySchema[] {
  const arms = [...(schema.oneOf ?? []), ...(schema.anyOf ?? [])];
  return arms
    .filter((arm) => constantsFit(arm, value))
    .flatMap((arm) => [arm, ...armsOf(arm, value)]);
}

/** The keys that the mapping at this path may have. */
function knownKeys(schema: KeySchema, root: unknown, path: FieldPath): string[] {
  let schemas = [schema];
  let value = root;
  for (const segment of path) {
    value = valueAt(value, [segment]);
    schemas = schemas
      .map((each) => (typeof segment === "number" ? each.items : each.properties?.[segment]))
      .filter((each) => each !== undefined)
      .flatMap((each) => [each, ...armsOf(each, value)]);
  }
  return [...new Set(schemas.flatMap((each) => Object.keys(each.properties ?? {})))];
}

function unknownKey(path: FieldPath, key: string, known: readonly string[]): Finding {
  const near = nearestName(key, known);
  const advice = near === undefined ? `; possible are ${known.join(", ")}` : didYouMean(key, known);
  const meant = near === undefined ? undefined : [...path, near];
  return { path: [...path, key], message: `unknown key${advice}`, atKey: true, meant };
}

/** What may put the value right, when it has only the wrong type. */
function typeHint(expected: string, phrase: string, value: unknown): string {
  if (typeof value === "string") {
    const number = (expected === "number" || expected === "int") && /^-?\d+$/.test(value);
    const boolean = expected === "boolean" && /^(true|false)$/.test(value);
    return number || boolean ? "; remove the quotes" : "";
  }
  const scalar = typeof value === "number" || typeof value === "boolean";
  const anyText = expected === "string" && /^(a text|the name)\b/.test(phrase);
  return scalar && anyText ? "; put it in quotes" : "";
}

function expectation(issue: Issue, value: unknown): string {
  const options = issue.code === "invalid_value" ? issue.values : [];
  const discriminator = issue.code === "invalid_union" ? issue.discriminator : undefined;
  const executors = "options" in issue ? (issue.options ?? []).map(String) : [];
  const expected = discriminator === undefined ? issue.message : orList(executors);
  if (value === undefined) return `missing; expected ${expected}`;
  const names = [...options, ...executors].filter((name) => typeof name === "string");
  const near = typeof value === "string" ? didYouMean(value, names) : "";
  const hint = issue.code === "invalid_type" ? typeHint(issue.expected, issue.message, value) : "";
  return `expected ${expected}, found ${describeValue(value)}${hint}${near}`;
}

/** Whether an arm of a union refuses the value for its type alone. */
function isOtherType(issues: readonly Issue[]): boolean {
  return issues.some((issue) => issue.code === "invalid_type" && issue.path.length === 0);
}

/** The faults of the first arm of a union that takes values of this type; undefined without one. */
function armIssues(issue: Issue): Issue[] | undefined {
  if (issue.code !== "invalid_union" || issue.discriminator !== undefined) return undefined;
  const arm = issue.errors.find((issues) => issues.length > 0 && !isOtherType(issues));
  return arm?.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

function findingsOf(issue: Issue, root: unknown, schema: KeySchema): Finding[] {
  const path = issue.path.filter((segment) => typeof segment !== "symbol");
  const arm = armIssues(issue);
  if (arm !== undefined) return arm.flatMap((inner) => findingsOf(inner, root, schema));
  switch (issue.code) {
    case "unrecognized_keys": {
      const known = knownKeys(schema, root, path);
      return issue.keys.map((key) => unknownKey(path, key, known));
    }
    case "invalid_key":
      return [{ path, message: issue.issues[0]?.message ?? issue.message, atKey: true }];
    case "custom":
      return [{ path, message: issue.message }];
    default:
      return [{ path, message: expectation(issue, valueAt(root, path)) }];
  }
}

/**
 * Makes findings of what zod found: at most one for a field, an unknown key with the nearest known
 * one, a wrong choice with the nearest possible one.
 *
 * @param root the content of the file.
 * @param schema the JSON Schema of the same schema.
 */
export function schemaFindings(
  issues: readonly Issue[],
  root: unknown,
  schema: Readonly<Record<string, unknown>>,
): Finding[] {
  const found = new Map<string, Finding>();
  for (const issue of issues) {
    for (const finding of findingsOf(issue, root, schema)) {
      const field = JSON.stringify(finding.path);
      if (!found.has(field)) found.set(field, finding);
    }
  }
  // A misspelt key is one mistake: say nothing of the right key being missing.
  for (const { meant } of [...found.values()]) {
    if (meant !== undefined && valueAt(root, meant) === undefined) {
      found.delete(JSON.stringify(meant));
    }
  }
  return [...found.values()];
}
