import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { type CommandEntry, defineCommand } from "../../src/cli/command.js";
import type { CommandContext } from "../../src/cli/command-context.js";
import { commands } from "../../src/cli/commands.js";
import { runCommandLine } from "../../src/cli/frame.js";
import { abortOnSignals, Interrupted } from "../../src/cli/interruption.js";
import { integerOption, numberOption } from "../../src/cli/number-option.js";
import { ExitCode } from "../../src/failure/exit-code.js";
import {
  BadInput,
  EnvironmentError,
  InvariantViolation,
  Unsupported,
} from "../../src/failure/failure.js";
import { FakeSurroundings } from "./fake-surroundings.js";

type Work = (context: CommandContext) => Promise<ExitCode> | ExitCode;

/** A table with one command whose options cover every kind, and which does the given work. */
function tableWith(work: Work, loaded: string[] = []): readonly CommandEntry[] {
  const command = defineCommand({
    command: "simulate <scenario>",
    describe: "Replay a scenario",
    examples: [["ipamlab simulate a.yaml --rate 5", "five arrivals a second"]],
    builder: (yargs) =>
      yargs
        .positional("scenario", { type: "string", demandOption: true })
        .option("rate", numberOption("rate", { describe: "Arrivals", min: 0, max: 1000 }))
        .option("seed", integerOption("seed", { describe: "Seed", default: 1, alias: "s" }))
        .option("grace-seconds", integerOption("grace-seconds", { describe: "Grace", min: 0 }))
        .option("raw", { type: "number" })
        .option("format", { choices: ["text", "json"] as const, default: "text" as const })
        .option("out", { type: "string" })
        .option("tag", { type: "string", array: true })
        .option("strict", { type: "boolean" })
        .option("quiet", { type: "boolean", conflicts: "strict" })
        .option("append", { type: "boolean", implies: "out" }),
    async run(args, context) {
      // The types follow from the builder; a mistake here is found by tsc.
      const rate: number | undefined = args.rate;
      const { scenario, seed, graceSeconds, format, out, tag, strict } = args;
      const seen = { scenario, rate, seed, graceSeconds, format, out, tag, strict };
      context.stdout.write(`${JSON.stringify(seen)}\n`);
      return await work(context);
    },
  });
  const entry = (name: string, describe: string): CommandEntry => ({
    name,
    describe,
    load: async () => {
      loaded.push(name);
      return { command };
    },
  });
  return [
    {
      ...entry("simulate", "Replay a scenario"),
      example: ["ipamlab simulate scenarios/quickstart.yaml", "the first run"],
    },
    entry("releases", "Differences of the releases"),
  ];
}

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(
  line: string | readonly string[],
  {
    work = () => ExitCode.ok,
    surroundings = new FakeSurroundings(),
    loaded,
  }: { work?: Work; surroundings?: FakeSurroundings; loaded?: string[] } = {},
): Promise<Outcome> {
  const argv = typeof line === "string" ? line.split(" ").filter((word) => word !== "") : line;
  const code = await runCommandLine(argv, tableWith(work, loaded), surroundings, "1.2.3");
  return { code, out: surroundings.stdout.text, err: surroundings.stderr.text };
}

/** The options that the command was run with. */
async function optionsOf(line: string, env: Record<string, string> = {}): Promise<unknown> {
  const outcome = await run(line, { surroundings: new FakeSurroundings({ env }) });
  expect(outcome.err).toBe("");
  return JSON.parse(outcome.out);
}

describe("command lines that are wrong", () => {
  it.each([
    ["simulat a.yaml", 'unknown command "simulat" (did you mean "simulate"?)'],
    ["plot a.yaml", 'unknown command "plot"; ipamlab --help lists the commands'],
    ["simulate a.yaml --formt json", 'unknown option --formt (did you mean "--format"?)'],
    [
      "simulate a.yaml --graceseconds 3",
      'unknown option --graceseconds (did you mean "--grace-seconds"?)',
    ],
    ["simulate a.yaml --foo-bar", "unknown option --foo-bar"],
    ["simulate a.yaml --foo-bar=1", "unknown option --foo-bar"],
    ["simulate a.yaml --no-strct", 'unknown option --no-strct (did you mean "--no-strict"?)'],
    ["simulate a.yaml -q", "unknown option -q"],
    ["simulate a.yaml b.yaml", 'unexpected argument "b.yaml"'],
    ["simulate a.yaml -- b.yaml", 'unexpected argument "b.yaml"'],
    ["simulate", "missing <scenario>: ipamlab simulate <scenario>"],
    ["simulate a.yaml --format", "--format needs a value"],
    ["simulate a.yaml --format --strict", "--format needs a value"],
    ["simulate a.yaml --out", "--out needs a value"],
    ["simulate a.yaml --out=", "--out needs a value"],
    ["simulate a.yaml --tag", "--tag needs a value"],
    ["simulate a.yaml --tag --strict", "--tag needs a value"],
    ["simulate a.yaml --rate", "--rate needs a value"],
    ["simulate a.yaml -s", "-s needs a value"],
    [
      "simulate a.yaml --format jsn",
      '--format: expected one of text, json, got "jsn" (did you mean "json"?)',
    ],
    ["simulate a.yaml --rate abc", '--rate: expected a number from 0 to 1000, got "abc"'],
    ["simulate a.yaml --rate -5", '--rate: expected a number from 0 to 1000, got "-5"'],
    ["simulate a.yaml --rate 1e999", '--rate: expected a number from 0 to 1000, got "1e999"'],
    ["simulate a.yaml --rate 0x10", '--rate: expected a number from 0 to 1000, got "0x10"'],
    ["simulate a.yaml --rate 1,000", '--rate: expected a number from 0 to 1000, got "1,000"'],
    ["simulate a.yaml --rate NaN", '--rate: expected a number from 0 to 1000, got "NaN"'],
    ["simulate a.yaml --seed 1.5", '--seed: expected a whole number, got "1.5"'],
    ["simulate a.yaml -s x", '--seed: expected a whole number, got "x"'],
    [
      "simulate a.yaml --grace-seconds -1",
      '--grace-seconds: expected a whole number, 0 or more, got "-1"',
    ],
    ["simulate a.yaml --raw abc", "--raw: expected a number"],
    ["simulate a.yaml --quiet --strict", "--quiet and --strict exclude each other"],
    ["simulate a.yaml --append", "--append needs --out"],
    ["--verson", 'unknown option --verson (did you mean "--version"?)'],
    ["--rate 5 simulate a.yaml", "unknown option --rate; options follow the command"],
  ])("%s", async (line, message) => {
    const outcome = await run(line);
    expect(outcome).toEqual({ code: 2, out: "", err: `ipamlab: ${message}\n` });
  });

  it("refuses what a command demands or does not know as a positional argument", async () => {
    const command = defineCommand({
      command: "show <what>",
      describe: "Show",
      builder: (yargs) =>
        yargs
          .positional("what", { choices: ["pools", "blocks"] as const, demandOption: true })
          .option("from", { type: "string", demandOption: true }),
      run: async () => ExitCode.ok,
    });
    const table = [{ name: "show", describe: "Show", load: async () => ({ command }) }];
    const messages = await Promise.all(
      ["show blocks", "show block --from x"].map(async (line) => {
        const surroundings = new FakeSurroundings();
        await runCommandLine(line.split(" "), table, surroundings, "1.2.3");
        return surroundings.stderr.text;
      }),
    );
    expect(messages).toEqual([
      "ipamlab: --from is required\n",
      'ipamlab: <what>: expected one of pools, blocks, got "block" (did you mean "blocks"?)\n',
    ]);
  });

  it("refuses an empty argument", async () => {
    expect((await run(["simulate", ""])).err).toBe("ipamlab: <scenario> is empty\n");
  });

  it("names every unknown option, one a line", async () => {
    const { err } = await run("simulate a.yaml --foo 1 --formt x");
    expect(err).toBe(
      'ipamlab: unknown option --foo\nipamlab: unknown option --formt (did you mean "--format"?)\n',
    );
  });

  it("lists the commands on standard error when none is given", async () => {
    const outcome = await run("");
    expect(outcome.code).toBe(2);
    expect(outcome.out).toBe("");
    expect(outcome.err).toContain("ipamlab simulate");
  });
});

describe("command lines that are right", () => {
  const defaults = { scenario: "a.yaml", seed: 1, format: "text" };

  it.each<[string, Record<string, unknown>]>([
    ["simulate a.yaml", {}],
    ["simulate a.yaml --rate 0.5 --seed -3", { rate: 0.5, seed: -3 }],
    ["simulate --rate=1e2 a.yaml", { rate: 100 }],
    ["simulate a.yaml --rate 5 --rate 6", { rate: 6 }],
    ["simulate a.yaml --format json --format text --out x --out y", { out: "y" }],
    ["simulate --tag one a.yaml --tag two", { tag: ["one", "two"] }],
    ["simulate a.yaml --out=-dash", { out: "-dash" }],
    ["simulate - --out -", { scenario: "-", out: "-" }],
    ["simulate a.yaml -s 7 --grace-seconds 30", { seed: 7, graceSeconds: 30 }],
    ["simulate a.yaml --no-strict", { strict: false }],
    ["simulate a.yaml --strict --no-color --debug", { strict: true }],
    ["simulate 123", { scenario: "123" }],
  ])("%s", async (line, expected) => {
    expect(await optionsOf(line)).toEqual({ ...defaults, ...expected });
  });

  it("takes options from the environment, which the command line overrides", async () => {
    const env = {
      IPAMLAB_RATE: "7",
      IPAMLAB_GRACE_SECONDS: "30",
      IPAMLAB_STRICT: "1",
      IPAMLAB_TAG: "night",
      IPAMLAB_OUT: "",
      IPAMLAB_OF_ANOTHER_COMMAND: "x",
    };
    expect(await optionsOf("simulate a.yaml --rate 8", env)).toEqual({
      ...defaults,
      rate: 8,
      graceSeconds: 30,
      strict: true,
      tag: ["night"],
    });
  });

  it.each([
    [
      { IPAMLAB_RATE: "many" },
      '--rate: expected a number from 0 to 1000, got "many" (from the environment variable IPAMLAB_RATE)',
    ],
    [{ IPAMLAB_STRICT: "maybe" }, 'IPAMLAB_STRICT: expected true or false, got "maybe"'],
    [{ IPAMLAB_DEBUG: "maybe" }, 'IPAMLAB_DEBUG: expected true or false, got "maybe"'],
  ])("refuses the environment %j", async (env, message) => {
    const { code, err } = await run("simulate a.yaml", {
      surroundings: new FakeSurroundings({ env }),
    });
    expect({ code, err }).toEqual({ code: 2, err: `ipamlab: ${message}\n` });
  });
});

describe("help and version", () => {
  it("prints the version without loading a command", async () => {
    const loaded: string[] = [];
    expect(await run("--version", { loaded })).toEqual({ code: 0, out: "1.2.3\n", err: "" });
    expect(loaded).toEqual([]);
  });

  it.each(["--help", "-h", "help"])(
    "lists the commands for %s without loading one",
    async (line) => {
      const loaded: string[] = [];
      const { code, out, err } = await run(line, { loaded });
      expect({ code, err, loaded }).toEqual({ code: 0, err: "", loaded: [] });
      expect(out).toMatch(/ipamlab simulate +Replay a scenario/);
      expect(out).toMatch(/ipamlab releases +Differences of the releases/);
      expect(out).toContain("  ipamlab simulate scenarios/quickstart.yaml\n      the first run\n");
      expect(out).toContain("Exit codes:");
    },
  );

  it.each(["simulate --help", "help simulate", "simulate a.yaml -h"])(
    "shows a command's own help for %s",
    async (line) => {
      const loaded: string[] = [];
      const { code, out, err } = await run(line, { loaded });
      expect({ code, err, loaded }).toEqual({ code: 0, err: "", loaded: ["simulate"] });
      expect(out).toContain("ipamlab simulate <scenario>");
      expect(out).toContain("Arrivals (number from 0 to 1000)");
      expect(out).toContain("five arrivals a second");
      expect(out).toContain("--no-color");
    },
  );
});

describe("what a command throws", () => {
  const throwing =
    (error: unknown): Work =>
    () => {
      throw error;
    };

  it("prints every fault of a bad input on its own line", async () => {
    const error = new BadInput([
      {
        file: "a.yaml",
        line: 3,
        column: 5,
        field: "pools[0].blockSize",
        message: "expected at most 32",
      },
      { file: "a.yaml", line: 9, message: "unknown key" },
    ]);
    const { code, err } = await run("simulate a.yaml", { work: throwing(error) });
    expect(code).toBe(2);
    expect(err).toBe(
      "ipamlab: a.yaml:3:5: pools[0].blockSize: expected at most 32\n" +
        "ipamlab: a.yaml:9: unknown key\n",
    );
  });

  it("cuts a flood of faults and says how many more there are", async () => {
    const faults = Array.from({ length: 53 }, (_, i) => ({ file: "a", line: i + 1, message: "m" }));
    const { err } = await run("simulate a.yaml", { work: throwing(new BadInput(faults)) });
    const lines = err.trimEnd().split("\n");
    expect(lines).toHaveLength(51);
    expect(lines.at(-1)).toBe("ipamlab: and 3 more like these");
  });

  it.each<[unknown, number, string]>([
    [new Unsupported("IPv6 on Windows"), 2, "not supported: IPv6 on Windows"],
    [new EnvironmentError("port 80 is taken"), 3, "port 80 is taken"],
    [new InvariantViolation("one owner", "two"), 1, "invariant broken: one owner: two"],
    [
      Object.assign(new Error("EACCES: x"), { code: "EACCES", syscall: "open", path: "/x" }),
      3,
      "open /x: permission denied (EACCES)",
    ],
    [new BadInput({ file: "a\u001b[2J", message: "x" }), 2, "a\\x1b[2J: x"],
  ])("reports %s", async (error, code, message) => {
    const outcome = await run("simulate a.yaml", { work: throwing(error) });
    expect({ code: outcome.code, err: outcome.err }).toEqual({
      code,
      err: `ipamlab: ${message}\n`,
    });
  });

  it.each<[unknown, string]>([
    [new TypeError("x is not a function"), "TypeError: x is not a function"],
    ["a text", "a text"],
  ])("calls %s a defect, without a stack", async (error, message) => {
    const { code, err } = await run("simulate a.yaml", { work: throwing(error) });
    expect(code).toBe(3);
    expect(err).toBe(
      `ipamlab: ${message}\nipamlab: this is a defect of ipamlab; --debug shows the stack\n`,
    );
  });

  it.each([
    ["simulate a.yaml --debug", {}],
    ["simulate a.yaml", { IPAMLAB_DEBUG: "1" }],
  ])("shows the stack and its cause for %s %j", async (line, env) => {
    const error = new EnvironmentError("no room", { cause: new Error("below") });
    const surroundings = new FakeSurroundings({ env });
    const { code, err } = await run(line, { work: throwing(error), surroundings });
    expect(code).toBe(3);
    expect(err).toMatch(/^ipamlab: no room\n/);
    expect(err).toContain("frame.test.ts");
    expect(err).toContain("caused by: Error: below");
  });

  it("returns the exit code of a failed check", async () => {
    expect((await run("simulate a.yaml", { work: () => ExitCode.checkFailed })).code).toBe(1);
  });
});

describe("colour and width", () => {
  const terminal = { columns: 120 };

  it.each<[string, Record<string, string>, { columns: number } | undefined, boolean]>([
    ["", {}, terminal, true],
    ["", {}, undefined, false],
    ["", { NO_COLOR: "1" }, terminal, false],
    ["", { NO_COLOR: "" }, terminal, true],
    ["", { TERM: "dumb" }, terminal, false],
    ["--color", { NO_COLOR: "1" }, terminal, true],
    ["--color", {}, undefined, true],
    ["--no-color", {}, terminal, false],
    ["--color=false", {}, terminal, false],
    ["", { IPAMLAB_COLOR: "no" }, terminal, false],
  ])("option %s, environment %j, terminal %j: %s", async (option, env, onTerminal, expected) => {
    let seen: CommandContext | undefined;
    const work: Work = (context) => {
      seen = context;
      return ExitCode.ok;
    };
    const surroundings = new FakeSurroundings(
      onTerminal === undefined ? { env } : { env, terminal: onTerminal },
    );
    await run(`simulate a.yaml ${option}`, { work, surroundings });
    expect(seen).toMatchObject({
      color: expected,
      isTerminal: onTerminal !== undefined,
      width: onTerminal?.columns ?? 80,
    });
  });
});

describe("progress", () => {
  it("is drawn on standard error and cleared before text and at the end", async () => {
    const surroundings = new FakeSurroundings({ terminal: { columns: 40 } });
    const work: Work = (context) => {
      context.progress.update(() => "1 of 2");
      context.stderr.write("ipamlab: a warning\n");
      context.progress.update(() => "2 of 2");
      return ExitCode.ok;
    };
    const { err } = await run("simulate a.yaml", { work, surroundings });
    const clear = "\r\u001b[K";
    expect(err).toBe(`${clear}1 of 2${clear}ipamlab: a warning\n${clear}2 of 2${clear}`);
  });
});

describe("interruption", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("hands %s to the command, which may finish in order", async (name, code) => {
    const surroundings = new FakeSurroundings();
    const work: Work = async (context) => {
      surroundings.controller.abort(new Interrupted(name));
      await context.eventLoopTurn();
      context.stdout.write(`measured until then: ${context.signal.aborted}\n`);
      return ExitCode.ok;
    };
    const outcome = await run("simulate a.yaml", { work, surroundings });
    expect(outcome.code).toBe(code);
    expect(outcome.out).toContain("measured until then: true\n");
    expect(outcome.err).toBe("");
  });

  it("takes the signal's own error as an interruption, any other as what it is", async () => {
    const outcomes = await Promise.all(
      [false, true].map(async (fails) => {
        const surroundings = new FakeSurroundings();
        const work: Work = (context) => {
          surroundings.controller.abort(new Interrupted("SIGINT"));
          if (fails) throw new EnvironmentError("disk full");
          context.signal.throwIfAborted();
          return ExitCode.ok;
        };
        const { code, err } = await run("simulate a.yaml", { work, surroundings });
        return { code, err };
      }),
    );
    expect(outcomes).toEqual([
      { code: 130, err: "" },
      { code: 3, err: "ipamlab: disk full\n" },
    ]);
  });

  it("ends the process at the second signal", () => {
    const source = new EventEmitter();
    const lines: string[] = [];
    const exits: number[] = [];
    const signal = abortOnSignals(
      source,
      (line) => lines.push(line),
      (code) => exits.push(code),
    );
    expect(signal.aborted).toBe(false);
    source.emit("SIGINT");
    expect(signal.reason).toMatchObject({ exitCode: 130 });
    expect({ lines: lines.length, exits }).toEqual({ lines: 1, exits: [] });
    source.emit("SIGINT");
    expect({ lines: lines.length, exits }).toEqual({ lines: 1, exits: [130] });
  });
});

describe("an output that fails", () => {
  const writeError = (code: string): Error =>
    Object.assign(new Error(code), { code, syscall: "write" });

  it("ends silently when the reader has gone away, and lets the command clean up", async () => {
    const steps: string[] = [];
    const surroundings = new FakeSurroundings();
    const work: Work = (context) => {
      surroundings.stdout.failWith = writeError("EPIPE");
      try {
        for (let line = 0; line < 10; line++) context.stdout.write("line\n");
        steps.push("wrote everything");
      } finally {
        steps.push("cleaned up");
      }
      return ExitCode.ok;
    };
    const { code, err } = await run("simulate a.yaml", { work, surroundings });
    expect({ code, err, steps }).toEqual({ code: 141, err: "", steps: ["cleaned up"] });
  });

  it("says that the disk is full", async () => {
    const surroundings = new FakeSurroundings();
    surroundings.stdout.failWith = writeError("ENOSPC");
    const outcome = await run("simulate a.yaml", { surroundings });
    expect(outcome.code).toBe(3);
    expect(outcome.err).toBe(
      "ipamlab: cannot write standard output: no space left on device (ENOSPC)\n",
    );
  });

  it("keeps the exit code when standard error is closed", async () => {
    const surroundings = new FakeSurroundings();
    surroundings.stderr.failWith = writeError("EPIPE");
    expect((await run("nonsense", { surroundings })).code).toBe(2);
  });
});

describe("the real table", () => {
  it("has unique names", () => {
    const names = commands.map((entry) => entry.name);
    expect(new Set(names).size).toBe(names.length);
  });

  it("loads every command under the name that its table line gives", async () => {
    for (const entry of commands) {
      const { command } = await entry.load();
      expect(command.command.split(" ")[0]).toBe(entry.name);
      const surroundings = new FakeSurroundings();
      const code = await runCommandLine([entry.name, "--help"], commands, surroundings, "1.2.3");
      expect(code).toBe(0);
      expect(surroundings.stdout.text).toContain(`ipamlab ${command.command}`);
    }
  });
});
