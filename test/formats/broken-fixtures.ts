import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect } from "vitest";
import { faultsOf } from "./faults-of.js";

/**
 * A folder of broken files, `NAME.EXT`, each with the fault lines that it must yield in
 * `NAME.expected` (paths without the folder). `UPDATE_GOLDEN=1` writes the expected files anew.
 */
export class BrokenFixtures {
  readonly #folder: string;

  constructor(name: string) {
    this.#folder = join("test", "fixtures", "broken", name);
  }

  /** Names of the broken files whose name has this ending. */
  files(ending: string): string[] {
    return readdirSync(this.#folder).filter((name) => name.endsWith(ending));
  }

  path(file: string): string {
    return join(this.#folder, file);
  }

  async check(file: string, read: (path: string) => Promise<unknown>): Promise<void> {
    const lines = await faultsOf(read(this.path(file)));
    const found = lines.map((line) => `${line.replaceAll(`${this.#folder}/`, "")}\n`).join("");
    const expected = join(this.#folder, `${basename(file).replace(/\..*$/, "")}.expected`);
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(expected, found);
    expect(found).toBe(readFileSync(expected, "utf8"));
  }
}
