import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { runCommand } from "../run-command.js";

describe("ipamlab scenarios", () => {
  it("lists each with one line", async () => {
    const { exitCode, stdout } = await runCommand("scenarios");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^quickstart +A first scenario: a real cluster's pods, replayed$/m);
    expect(stdout).toMatch(/^borrowed-addresses +More nodes than blocks: .+$/m);
    expect(stdout).toMatch(/^borrowed-addresses-fixed +.+$/m);
  });

  it("shows one as its file has it, to start from", async () => {
    const { stdout } = await runCommand("scenarios", "show", "borrowed-addresses");
    expect(stdout).toBe(await readFile("scenarios/incidents/borrowed-addresses.yaml", "utf8"));
  });

  it("writes JSON", async () => {
    const list = JSON.parse((await runCommand("scenarios", "--json")).stdout) as {
      name: string;
      isIncident: boolean;
    }[];
    expect(list.find(({ name }) => name === "borrowed-addresses")?.isIncident).toBe(true);
    const shown = await runCommand("scenarios", "show", "borrowed-addresses", "--json");
    expect(JSON.parse(shown.stdout)).toHaveProperty("story");
  });

  it("runs one by its bare name", async () => {
    const { exitCode, stdout } = await runCommand("simulate", "borrowed-addresses");
    expect(stdout).toContain("thresholds      all 4 hold\n");
    expect(exitCode).toBe(0);
  });

  it("runs an incident and its counterpart on the releases that are asked for", async () => {
    const { exitCode, stdout } = await runCommand(
      "scenarios",
      "run",
      "stranded-single-address-blocks",
      "--releases",
      "v3.31.6, v3.32.1",
    );
    expect(stdout).toMatch(/^stranded-single-address-blocks +● +·$/m);
    expect(stdout).toMatch(/^stranded-single-address-blocks-fixed +✗ +✓$/m);
    expect(exitCode).toBe(0);
  });

  it.each([
    [["scenarios", "run", "quickstart"], "quickstart: is not an incident"],
    [["scenarios", "run", "--releases", "v3.99"], 'unknown release "v3.99"'],
    [["scenarios", "list", "--markdown"], "--markdown goes with run"],
    [["scenarios", "show"], "show needs the name of a scenario"],
    [["scenarios", "show", "borowed-addresses"], '(did you mean "borrowed-addresses"?)'],
    [["simulate", "borowed-addresses"], '(did you mean "borrowed-addresses"?)'],
    [["scenarios", "list", "quickstart"], "list takes no name"],
    [["scenarios", "shwo"], "show"],
  ])("refuses %j", async (argv, message) => {
    const { exitCode, stderr } = await runCommand(...argv);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
  });
});
