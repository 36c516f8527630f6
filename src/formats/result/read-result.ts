import type { z } from "zod";
import { BadInput } from "../../failure/failure.js";
import { readText } from "../text-source.js";

/** Longest document that is read; far above those of the largest scenarios. */
const LENGTH_MAX = 64 * 2 ** 20;

/**
 * Reads a document that ipamlab wrote as JSON. `-` is standard input.
 *
 * @param what what it should be, for messages: "a simulation result (ipamlab simulate --json)".
 * @throws BadInput when it is no JSON, or not such a document.
 */
export async function readResult<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
  what: string,
): Promise<z.output<Schema>> {
  const text = await readText(file, LENGTH_MAX);
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new BadInput({ file, message: `is not JSON: ${(error as Error).message}` });
  }
  const checked = schema.safeParse(content);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  const field = issue?.path.join(".");
  const advice =
    field === "ipamlab.documentVersion" ? "; another version wrote it: make it anew" : "";
  throw new BadInput({
    file,
    field,
    message: `is not ${what} of this version of ipamlab: ${issue?.message ?? ""}${advice}`,
  });
}
