import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { BadInput } from "../../failure/failure.js";
import { STANDARD_INPUT } from "../text-source.js";

/** Names of files in a folder that may be dumps. */
const DUMP_NAME = /\.(json|ya?ml|txt)(\.gz)?$/i;

/** Most files of one folder. */
const FILES_MAX = 10_000;

/**
 * The files that the paths stand for: a folder stands for all files in and below it whose names end
 * in .json, .yaml, .yml or .txt, also with .gz, in order of their names; hidden ones are left out.
 *
 * @throws BadInput for a folder without such files, or with more than 10,000.
 */
export async function expandDumpPaths(paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const path of paths) {
    const isFolder =
      path !== STANDARD_INPUT &&
      (await stat(path).then(
        (entry) => entry.isDirectory(),
        () => false,
      ));
    if (!isFolder) {
      files.push(path);
      continue;
    }
    const names = (await readdir(path, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile() && DUMP_NAME.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((name) => !/(^|\/)\.[^./]/.test(name.slice(path.length)))
      .sort();
    if (names.length === 0) {
      const message = "has no files that end in .json, .yaml, .yml or .txt, plain or with .gz";
      throw new BadInput({ file: path, message });
    }
    if (names.length > FILES_MAX) {
      throw new BadInput({ file: path, message: `has more than ${FILES_MAX} such files` });
    }
    files.push(...names);
  }
  return files;
}
