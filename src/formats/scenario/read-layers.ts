import { dirname, isAbsolute, join } from "node:path";
import { BadInput, type InputFault } from "../../failure/failure.js";
import { readText, STANDARD_INPUT, type TextSourceOptions, unreadable } from "../text-source.js";
import { quoted } from "../traces/printable.js";
import { LayeredContent, type LayerSource } from "./layered-content.js";
import { valueAt } from "./schema-faults.js";
import { applySet } from "./set-option.js";
import { fieldText } from "./wording.js";
import { YamlDocument } from "./yaml-document.js";

/** Longest scenario, in characters. Lists longer than this belong in a CSV file. */
const SCENARIO_LENGTH_MAX = 4 * 1024 * 1024;

/** Most files of which one extends the next. */
const FILES_MAX = 10;

export interface LayerOptions extends TextSourceOptions {
  /** `path=value`, one after the other. */
  readonly set?: readonly string[] | undefined;
  /** Finds what `extends` names when no such file is there; the message of its BadInput is shown. */
  readonly findBase?: ((name: string) => Promise<string>) | undefined;
}

/** A path as written in a file: relative to the file's folder. */
function pathFrom(file: string, path: string): string {
  if (path === STANDARD_INPUT || isAbsolute(path)) return path;
  return join(dirname(file), path);
}

/** Reads a scenario with the files that it extends, and lays the command line's changes over it. */
class LayerReader {
  /** Faults that leave the content readable. */
  readonly faults: InputFault[] = [];
  readonly #files: string[] = [];

  constructor(private readonly options: LayerOptions) {}

  async read(file: string): Promise<LayeredContent> {
    this.#files.push(file);
    const document = new YamlDocument(
      file,
      await readText(file, SCENARIO_LENGTH_MAX, this.options),
    );
    if (document.value === undefined) {
      const message = "the file is empty; expected a scenario that begins with ipamlab: 1";
      throw new BadInput({ file, message });
    }
    this.faults.push(...document.faults);
    const source: LayerSource = {
      file,
      place: (path, part) => document.place(path, part),
      pathFrom: (path) => pathFrom(file, path),
    };
    const named = valueAt(document.value, ["extends"]);
    if (typeof named !== "string" || named === "") {
      return LayeredContent.of(source, document.value);
    }
    const base = await this.#readBase(document, named);
    const { content, findings } = base.asBaseOf(file).under(source, document.value);
    for (const { path, message } of findings) {
      this.faults.push({ file, ...document.place(path, "key"), field: fieldText(path), message });
    }
    return content;
  }

  async #readBase(document: YamlDocument, named: string): Promise<LayeredContent> {
    const { file } = document;
    const refuse = (message: string): never => {
      throw new BadInput({ file, ...document.place(["extends"]), field: "extends", message });
    };
    if (named === STANDARD_INPUT) refuse("standard input cannot be extended; give a file");
    let base = pathFrom(file, named);
    const fault = await unreadable(base);
    if (fault !== undefined) {
      const isName = this.options.findBase !== undefined && /^[a-z0-9-]+$/.test(named);
      if (!isName) refuse(`cannot read ${quoted(base)}: ${fault}`);
      try {
        base = await this.options.findBase!(named);
      } catch (error) {
        if (!(error instanceof BadInput)) throw error;
        refuse(`no such file, and ${error.faults[0]!.message}`);
      }
    }
    if (this.#files.includes(base)) {
      refuse(`leads back to ${quoted(base)}, which extends this file`);
    }
    if (this.#files.length >= FILES_MAX) {
      refuse(`a chain of more than ${FILES_MAX} files; extend one nearer to the end`);
    }
    return this.read(base);
  }
}

/**
 * Reads the content of a scenario: of its file, over that of the file that `extends` names, under the
 * changes of the command line.
 *
 * @returns the content, and the faults that leave it readable.
 * @throws BadInput with the faults that do not.
 */
export async function readLayers(
  file: string,
  options: LayerOptions,
): Promise<{ readonly content: LayeredContent; readonly faults: InputFault[] }> {
  const reader = new LayerReader(options);
  let content = await reader.read(file);
  const wrong: InputFault[] = [];
  for (const change of options.set ?? []) {
    try {
      content = applySet(content, change);
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      wrong.push(...error.faults);
    }
  }
  return { content, faults: [...reader.faults, ...wrong] };
}
