import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const MAIN = resolve("dist/cli/main.js");

/** A program of the built frame with commands that behave as the tests need. */
const PROGRAM = `
import { runProcess } from ${JSON.stringify(resolve("dist/cli/run-process.js"))};
import { writeOutputFile } from ${JSON.stringify(resolve("dist/cli/output-file.js"))};
const works = {
  async lines(context) {
    for (let line = 0; line < 1_000_000; line++) context.stdout.write("line " + line + "\\n");
    return 0;
  },
  async measure(context) {
    context.stdout.write("ready\\n");
    let turns = 0;
    while (!context.signal.aborted) {
      turns++;
      await context.eventLoopTurn();
    }
    context.stdout.write("measured " + (turns > 0) + "\\n");
    return 0;
  },
  async deaf(context) {
    async function* endless() {
      yield "x".repeat(100_000);
      context.stdout.write("ready\\n");
      for (;;) { await new Promise((resolve) => setTimeout(resolve, 5)); yield "x"; }
    }
    await writeOutputFile("deaf.out", endless());
    return 0;
  },
  async lost() {
    void Promise.reject(new RangeError("nobody waits"));
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    return 0;
  },
};
const builder = (yargs) => yargs;
await runProcess(Object.entries(works).map(([name, work]) => ({
  name,
  describe: name,
  load: async () => ({
    command: { command: name, describe: name, builder, run: (_, context) => work(context) },
  }),
})));
`;

let folder: string;
let program: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ipamlab-program-"));
  program = join(folder, "program.mjs");
  writeFileSync(program, PROGRAM);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function shell(script: string): { readonly out: string; readonly err: string } {
  const { stdout, stderr } = spawnSync("bash", ["-c", script], {
    encoding: "utf8",
    env: { ...process.env, NODE: process.execPath, PROGRAM: program },
  });
  return { out: stdout, err: stderr };
}

/** Starts a command and waits until it says that it is ready. */
async function start(
  command: string,
): Promise<{ readonly child: ChildProcess; readonly texts: { out: string; err: string } }> {
  const child = spawn(process.execPath, [program, command], { cwd: folder });
  const texts = { out: "", err: "" };
  child.stderr.on("data", (chunk: Buffer) => {
    texts.err += chunk.toString();
  });
  await new Promise<void>((ready, fail) => {
    child.on("close", () => {
      fail(new Error(`${command} ended before it was ready: ${texts.err}`));
    });
    child.stdout.on("data", (chunk: Buffer) => {
      texts.out += chunk.toString();
      if (texts.out.includes("ready\n")) ready();
    });
  });
  return { child, texts };
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  return await new Promise((resolve) => {
    child.on("close", (code) => {
      resolve(code);
    });
  });
}

describe("the built program", () => {
  it("runs by its own name and knows its version", () => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    expect(execFileSync(MAIN, ["--version"], { encoding: "utf8" })).toBe(`${version}\n`);
  });

  it("prints help and ends with 0", () => {
    expect(execFileSync(MAIN, ["--help"], { encoding: "utf8" })).toContain("Exit codes:");
  });

  it("ends with 2 and one line on an unknown command", () => {
    const { status, stderr, stdout } = spawnSync(MAIN, ["nonsense"], { encoding: "utf8" });
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^ipamlab: unknown command "nonsense".*\n$/);
  });
});

describe("a process of the frame", () => {
  it("ends silently when its reader goes away", () => {
    const { out, err } = shell('"$NODE" "$PROGRAM" lines | head -n 1; echo "${PIPESTATUS[0]}"');
    expect({ out, err }).toEqual({ out: "line 0\n141\n", err: "" });
  });

  it.runIf(existsSync("/dev/full"))("says that standard output cannot be written", () => {
    const { out, err } = shell('"$NODE" "$PROGRAM" lines > /dev/full; echo "$?"');
    expect(out).toBe("3\n");
    expect(err).toBe("ipamlab: cannot write standard output: no space left on device (ENOSPC)\n");
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("lets the command finish after %s", async (signal, code) => {
    const { child, texts } = await start("measure");
    child.kill(signal);
    expect(await exitOf(child)).toBe(code);
    expect(texts.out).toBe("ready\nmeasured true\n");
    expect(texts.err).toBe("ipamlab: interrupted, finishing (once more to end at once)\n");
  });

  it("ends at once at the second signal, and leaves no temporary file", async () => {
    const { child, texts } = await start("deaf");
    expect(readdirSync(folder)).toHaveLength(2);
    child.kill("SIGINT");
    await new Promise<void>((announced) => {
      const timer = setInterval(() => {
        if (texts.err === "") return;
        clearInterval(timer);
        announced();
      }, 5);
    });
    child.kill("SIGINT");
    expect(await exitOf(child)).toBe(130);
    expect(readdirSync(folder)).toEqual(["program.mjs"]);
  });

  it("calls a lost promise a defect, without a stack", () => {
    const { out, err } = shell('"$NODE" "$PROGRAM" lost; echo "$?"');
    expect(out).toBe("3\n");
    expect(err).toBe(
      "ipamlab: RangeError: nobody waits\n" +
        "ipamlab: this is a defect of ipamlab; --debug shows the stack\n",
    );
  });
});

describe("the package", () => {
  it("holds the built program, the scenarios and the licence, and no sources or tests", () => {
    const report = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [packed] = JSON.parse(report) as [{ files: { path: string; mode: number }[] }];
    const paths = packed.files.map((file) => file.path);
    const needed = ["LICENSE", "NOTICE", "package.json", "dist/cli/main.js"];
    expect(needed.filter((path) => !paths.includes(path))).toEqual([]);
    expect(packed.files.find((file) => file.path === "dist/cli/main.js")?.mode).toBe(0o755);
    expect(paths.filter((path) => /^(src|test|bench)\//.test(path))).toEqual([]);
  });
});
