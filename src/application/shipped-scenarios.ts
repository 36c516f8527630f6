import { access, readdir, readFile } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { BadInput } from "../failure/failure.js";
import { didYouMean } from "../failure/nearest-name.js";
import { readScenarioHeader, type ScenarioHeader } from "../formats/scenario/scenario-header.js";
import { STANDARD_INPUT } from "../formats/text-source.js";

/** A scenario that comes with ipamlab. */
export interface ShippedScenario {
  /** Name of its file without ending; unique. */
  readonly name: string;
  /** Path from the working directory, or from the root when it lies elsewhere. */
  readonly file: string;
  /** Whether it reproduces a reported incident, or cures one. */
  readonly isIncident: boolean;
  readonly header: ScenarioHeader;
  readonly text: string;
}

/** End of the name of the scenario that shows what cures an incident. */
export const FIXED = "-fixed";

const ENDING = ".yaml";
const FOLDER = fileURLToPath(new URL("../../scenarios", import.meta.url));
const INCIDENTS = join(FOLDER, "incidents");

/** What was reported of older releases, and does not happen any more on those that are modelled. */
const CURED = join(FOLDER, "cured");

/** Names of the scenarios in a folder; what has another ending is none. */
async function scenarioNames(folder: string): Promise<string[]> {
  const files = await readdir(folder);
  const names = files.filter((file) => file.endsWith(ENDING)).map((file) => basename(file, ENDING));
  return names.sort();
}

async function shippedIn(folder: string): Promise<ShippedScenario[]> {
  const names = await scenarioNames(folder);
  return Promise.all(
    names.map(async (name) => {
      const path = join(folder, `${name}${ENDING}`);
      const text = await readFile(path, "utf8");
      const here = relative(process.cwd(), path);
      return {
        name,
        file: here.startsWith("..") ? path : here,
        isIncident: folder === INCIDENTS,
        header: readScenarioHeader(text),
        text,
      };
    }),
  );
}

/**
 * Every scenario that comes with ipamlab: first those to begin with, then the incidents, by name, then
 * the incidents of older releases.
 */
export async function shippedScenarios(): Promise<ShippedScenario[]> {
  const folders = [FOLDER, INCIDENTS, CURED];
  return (await Promise.all(folders.map((folder) => shippedIn(folder)))).flat();
}

/**
 * The scenario of this name.
 *
 * @throws BadInput with the nearest name when there is none.
 */
export async function shippedScenario(name: string): Promise<ShippedScenario> {
  const all = await shippedScenarios();
  const found = all.find((scenario) => scenario.name === name);
  if (found !== undefined) return found;
  const near = didYouMean(
    name,
    all.map((scenario) => scenario.name),
  );
  const message = `no scenario of this name${near}; ipamlab scenarios lists them`;
  throw new BadInput({ file: name, message });
}

/**
 * The file that a user means: a path, `-`, or the bare name of a scenario that comes with ipamlab,
 * unless a file of that name is there.
 *
 * @throws BadInput for a bare name that is neither.
 */
export async function scenarioPath(given: string): Promise<string> {
  if (given === STANDARD_INPUT || !/^[a-z0-9-]+$/.test(given)) return given;
  const isFile = await access(given).then(
    () => true,
    () => false,
  );
  return isFile ? given : (await shippedScenario(given)).file;
}
