import * as z from "zod";
import { DNS_NAME, DNS_NAME_LENGTH_MAX, nameRule, type TextRule } from "./field-rules.js";
import { orList } from "./wording.js";

/**
 * Pieces that the schemas of scenario files are made of. The message given to each type is a phrase
 * that completes "expected …"; `schema-faults.ts` makes sentences of them.
 */

export function text(expected: string, rule?: TextRule) {
  return z.string(expected).superRefine((value, context) => {
    const fault = rule?.(value);
    if (fault !== undefined) context.addIssue(fault);
  });
}

/** The name of a Kubernetes object. */
export function name(of: string) {
  const shape = { pattern: DNS_NAME.source, maxLength: DNS_NAME_LENGTH_MAX };
  return text(`the name of the ${of}`, nameRule).meta(shape).describe(`Name of the ${of}.`);
}

export function wholeNumber(
  min: number,
  max: number,
  expected = `a whole number from ${min} to ${max}`,
) {
  return z.int(expected).min(min, expected).max(max, expected);
}

/** A number above 0. */
export function positiveNumber(max: number) {
  const expected = `a number above 0, at most ${max}`;
  return z.number(expected).gt(0, expected).max(max, expected);
}

export function choice<const T extends readonly string[]>(values: T) {
  return z.enum(values, orList(values));
}

export function flag() {
  return z.boolean("true or false");
}
