import { access } from "node:fs/promises";
import { basename } from "node:path";
import { Readable } from "node:stream";
import { readScenario } from "../../application/read-scenario.js";
import { ExitCode } from "../../failure/exit-code.js";
import { BadInput } from "../../failure/failure.js";
import {
  type StarterChoices,
  STARTER_WORKLOADS,
  starterScenario,
  type StarterWorkload,
} from "../../formats/scenario/starter-scenario.js";
import { DEFAULT_RELEASE, findProfile, unknownReleaseText } from "../../releases/profiles.js";
import { defineCommand } from "../command.js";
import type { CommandContext } from "../command-context.js";
import { integerOption } from "../number-option.js";
import { writeOutputFile } from "../output-file.js";

const WORKLOADS = Object.keys(STARTER_WORKLOADS) as StarterWorkload[];

const DEFAULT_FILE = "scenario.yaml";

const DEFAULTS = {
  release: DEFAULT_RELEASE,
  nodes: 50,
  pods: 1000,
  pool: "10.244.0.0/16",
  blockSize: 26,
  blockSize6: 122,
  workload: "rollout",
} as const;

/** What the options have given; undefined is asked for, or filled in. */
type Given = {
  readonly [Key in keyof Omit<StarterChoices, "name">]: StarterChoices[Key] | undefined;
};

/** Puts questions until each answer is understood; an empty one takes what stands in brackets. */
class Questions {
  constructor(private readonly context: CommandContext) {}

  async #put<T>(
    question: string,
    usual: T,
    understand: (answer: string) => T | undefined,
    expected: string,
  ): Promise<T> {
    const { ask, stderr } = this.context;
    if (ask === undefined) return usual;
    for (;;) {
      const answer = (await ask(`${question} [${String(usual)}] `)).trim();
      if (answer === "") return usual;
      const value = understand(answer);
      if (value !== undefined) return value;
      stderr.write(`  expected ${expected}\n`);
    }
  }

  number(question: string, usual: number, [min, max]: readonly [number, number]): Promise<number> {
    const understand = (answer: string): number | undefined => {
      const value = Number(answer);
      return Number.isInteger(value) && value >= min && value <= max ? value : undefined;
    };
    return this.#put(question, usual, understand, `a whole number from ${min} to ${max}`);
  }

  release(): Promise<string> {
    const understand = (answer: string): string | undefined => findProfile(answer)?.name;
    const expected = "a release; ipamlab releases lists them";
    return this.#put("Which Calico release?", DEFAULTS.release, understand, expected);
  }

  pool(): Promise<string> {
    const understand = (answer: string): string | undefined =>
      answer.includes("/") ? answer : undefined;
    const expected = "a network such as 10.244.0.0/16";
    return this.#put("Which IP pool?", DEFAULTS.pool, understand, expected);
  }

  workload(): Promise<StarterWorkload> {
    if (this.context.ask === undefined) return Promise.resolve(DEFAULTS.workload);
    for (const name of WORKLOADS) {
      this.context.stderr.write(`  ${name.padEnd(9)} ${STARTER_WORKLOADS[name]}\n`);
    }
    const understand = (answer: string): StarterWorkload | undefined =>
      WORKLOADS.find((name) => name === answer);
    const expected = WORKLOADS.join(", ");
    return this.#put<StarterWorkload>(
      "What happens to the pods?",
      DEFAULTS.workload,
      understand,
      expected,
    );
  }
}

const PODS = [1, 1_000_000] as const;

async function choose(
  name: string,
  given: Given,
  context: CommandContext,
): Promise<StarterChoices> {
  const ask = new Questions(context);
  const release = given.release ?? (await ask.release());
  const nodes = given.nodes ?? (await ask.number("How many nodes?", DEFAULTS.nodes, [1, 100_000]));
  const pods = given.pods ?? (await ask.number("How many pods at a time?", DEFAULTS.pods, PODS));
  const pool = given.pool ?? (await ask.pool());
  const usual = pool.includes(":") ? DEFAULTS.blockSize6 : DEFAULTS.blockSize;
  const blockSize = given.blockSize ?? (await ask.number("Which block size?", usual, [20, 128]));
  const workload = given.workload ?? (await ask.workload());
  return { name, release, nodes, pods, pool, blockSize, workload };
}

/** The options behind the fields in which a starter scenario can be wrong. */
const OPTION_OF: Readonly<Record<string, string>> = {
  "pools[0].cidr": "--pool",
  "pools[0].blockSize": "--block-size",
  name: "file",
};

/** Makes sure that the scenario is one, before it is written. */
async function check(text: string): Promise<void> {
  try {
    await readScenario("-", { stdin: Readable.from([Buffer.from(text)]) });
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    throw new BadInput(
      error.faults.map(({ field = "", message }) => ({ file: OPTION_OF[field] ?? field, message })),
    );
  }
}

async function refuseExisting(file: string): Promise<void> {
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (isThere) {
    throw new BadInput({ file, message: "is there already; --force writes over it" });
  }
}

export const command = defineCommand({
  command: "init [file]",
  describe:
    "Write a commented scenario to start from. At a terminal it asks for what no option gives; " +
    "without one, or with --yes, it takes the defaults.",
  examples: [
    ["ipamlab init", "asks, and writes scenario.yaml"],
    ["ipamlab init big.yaml --nodes 500 --pods 20000 --pool 10.0.0.0/14 --yes", "asks nothing"],
    ["ipamlab init - --workload spot --yes", "to standard output"],
  ],
  builder: (yargs) =>
    yargs
      .positional("file", {
        describe: `file to write, ${DEFAULT_FILE} when absent; - is standard output`,
        type: "string",
      })
      .option("release", { describe: "Calico release", type: "string" })
      .option("nodes", integerOption("nodes", { describe: "how many nodes", min: 1, max: 100_000 }))
      .option(
        "pods",
        integerOption("pods", { describe: "about how many pods at a time", min: 1, max: PODS[1] }),
      )
      .option("pool", { describe: "network of the IP pool", type: "string" })
      .option(
        "block-size",
        integerOption("block-size", { describe: "prefix length of blocks", min: 20, max: 128 }),
      )
      .option("workload", { describe: "what happens to the pods", choices: WORKLOADS })
      .option("yes", { describe: "ask nothing", type: "boolean", default: false })
      .option("force", {
        describe: "write over a file that is there",
        type: "boolean",
        default: false,
      }),
  async run({ file = DEFAULT_FILE, yes, force, ...given }, context) {
    if (given.release !== undefined && findProfile(given.release) === undefined) {
      throw new BadInput({ file: "--release", message: unknownReleaseText(given.release) });
    }
    if (file !== "-" && !force) await refuseExisting(file);
    const name = file === "-" ? "scenario" : basename(file).replace(/\.ya?ml$/, "");
    const choices = await choose(name, given, yes ? { ...context, ask: undefined } : context);
    const text = starterScenario(choices);
    await check(text);
    if (file === "-") {
      context.stdout.write(text);
      return ExitCode.ok;
    }
    await writeOutputFile(file, text);
    context.stdout.write(
      `wrote ${file}: ${choices.nodes} nodes, ${STARTER_WORKLOADS[choices.workload]}\n` +
        `run it with: ipamlab simulate ${file}\n`,
    );
    return ExitCode.ok;
  },
});
