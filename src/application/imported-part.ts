import type { Remark } from "../formats/scenario/annotated-yaml.js";

/** A part of a scenario with what is to be said of it. */
export interface ImportedPart<T> {
  readonly content: T;
  /** Paths are from the beginning of the scenario. */
  readonly remarks: readonly Remark[];
}
