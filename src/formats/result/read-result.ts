import { z } from "zod";
import { BadInput } from "../../failure/failure.js";
import { readText } from "../text-source.js";
import { type LoadResult, LoadResultSchema } from "./load-result.js";
import { type SimulationResult, SimulationResultSchema } from "./simulation-result.js";

/** Longest document that is read; far above those of the largest scenarios. */
const LENGTH_MAX = 64 * 2 ** 20;

async function readJson(file: string): Promise<unknown> {
  const text = await readText(file, LENGTH_MAX);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BadInput({ file, message: `is not JSON: ${(error as Error).message}` });
  }
}

function check<Schema extends z.ZodType>(
  file: string,
  content: unknown,
  schema: Schema,
  what: string,
): z.output<Schema> {
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
  return check(file, await readJson(file), schema, what);
}

const LoadKindSchema = z.object({ ipamlab: z.object({ document: z.literal("load") }) });

/**
 * Reads what `simulate` or `load` wrote, whichever it is.
 *
 * @throws BadInput as `readResult`.
 */
export async function readRunResult(file: string): Promise<SimulationResult | LoadResult> {
  const content = await readJson(file);
  return LoadKindSchema.safeParse(content).success
    ? check(file, content, LoadResultSchema, "a load result (ipamlab load --json)")
    : check(file, content, SimulationResultSchema, "a simulation result (ipamlab simulate --json)");
}
