import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commands } from "../../../src/cli/commands.js";
import { runCommandLine } from "../../../src/cli/frame.js";
import { STARTER_WORKLOADS } from "../../../src/formats/scenario/starter-scenario.js";
import { FakeSurroundings } from "../fake-surroundings.js";
import { runCommand } from "../run-command.js";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "init-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe("ipamlab init", () => {
  it.each(Object.keys(STARTER_WORKLOADS))(
    "writes a scenario of %s that runs, and never waits without a terminal",
    async (workload) => {
      const file = join(folder, `${workload}.yaml`);
      const written = await runCommand("init", file, "--workload", workload);
      expect(written.stderr).toBe("");
      expect(written.stdout).toContain(`run it with: ipamlab simulate ${file}\n`);
      const { exitCode, stdout } = await runCommand("simulate", file);
      expect(stdout).toContain("thresholds      all 3 hold\n");
      expect(exitCode).toBe(0);
    },
  );

  it("takes what the options say", async () => {
    const { stdout } = await runCommand(
      ...["init", "-", "--nodes", "7", "--pods", "90", "--pool", "fd00::/64"],
      ...["--release", "v3.32.1"],
    );
    expect(stdout).toContain("  count: 7\n");
    expect(stdout).toContain("    replicas: 90 #");
    expect(stdout).toContain("    cidr: fd00::/64\n    blockSize: 122 #");
    expect(stdout).toContain("release: v3.32.1\n");
  });

  it("asks at a terminal for the rest, until it understands", async () => {
    const answers = ["v3.31.6", "many", "12", "", "10.9.0.0/20", "", "spot"];
    const questions: string[] = [];
    const ask = async (question: string): Promise<string> => {
      questions.push(question);
      return answers.shift()!;
    };
    const surroundings = new FakeSurroundings({ ask });
    const file = join(folder, "asked.yaml");
    const exitCode = await runCommandLine(["init", file], commands, surroundings, "0.0.0-test");
    expect(surroundings.stderr.text).toContain("  expected a whole number from 1 to 100000\n");
    expect(exitCode).toBe(0);
    expect(questions).toHaveLength(7);
    const text = await readFile(file, "utf8");
    expect(text).toContain("release: v3.31.6\n");
    expect(text).toContain("  count: 12\n");
    expect(text).toContain("    replicas: 1000 #");
    expect(text).toContain("    cidr: 10.9.0.0/20\n    blockSize: 26 #");
    expect(text).toContain("  - executor: spot-kill");
  });

  it("asks nothing with --yes", async () => {
    const ask = (): Promise<string> => Promise.reject(new Error("asked"));
    const surroundings = new FakeSurroundings({ ask });
    await runCommandLine(["init", "-", "--yes"], commands, surroundings, "0.0.0-test");
    expect(surroundings.stdout.text).toContain("\nipamlab: 1\n");
  });

  it("leaves a file alone that is there, unless --force is given", async () => {
    const file = join(folder, "mine.yaml");
    await writeFile(file, "mine\n");
    const refused = await runCommand("init", file);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toBe(`ipamlab: ${file}: is there already; --force writes over it\n`);
    expect(await readFile(file, "utf8")).toBe("mine\n");
    expect((await runCommand("init", file, "--force")).exitCode).toBe(0);
  });

  it.each([
    [["--pool", "10.0.0.1/20"], "ipamlab: --pool: "],
    [["--pool", "10.0.0.0/27"], "ipamlab: --block-size: 10.0.0.0/27 holds no block of /26"],
    [["--block-size", "64"], "ipamlab: --block-size: "],
    [["--release", "v3.28.9"], 'ipamlab: --release: unknown release "v3.28.9"'],
    [["--nodes", "0"], "ipamlab: --nodes: expected a whole number from 1 to 100000"],
    [["--workload", "jbos"], "jbos"],
  ])("refuses %j in one line, and writes nothing", async (options, message) => {
    const { exitCode, stdout, stderr } = await runCommand("init", "-", ...options);
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stdout).toBe("");
    expect(exitCode).toBe(2);
  });
});
