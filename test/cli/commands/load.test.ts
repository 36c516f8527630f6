import { describe, expect, it } from "vitest";
import { runCommand } from "../run-command.js";

describe("ipamlab load", () => {
  it.each([
    [["--threads", "0"], "--threads: expected numbers of threads from 1 to 64, such as 1,2"],
    [
      ["--threads", "1,x"],
      '--threads: expected numbers of threads from 1 to 64, such as 1,2, got "1,x"',
    ],
    [["--duration", "5"], '--duration: expected a duration such as 90s, 10m or 1h30m, got "5"'],
    [["--pool", "10.0.0/8"], "--pool: expected an IPv4 network such as 10.0.0.0/16"],
    [["--pool", "10.0.0.0/24", "--block-size", "22"], "a /22 block does not fit into 10.0.0.0/24"],
    [["--pool", "10.0.0.0/24", "--pods", "257"], '--pods: the pool has 256 addresses, got "257"'],
    [["--occupancy", "50"], "--occupancy: expected shares of the pool's addresses, such as 10%"],
    [["--occupancy", "50%,101%"], "--occupancy: expected shares"],
    [["--occupancy", "50%", "--pods", "3"], "--occupancy: not together with --pods"],
    [["--speed", "3"], "--speed: only with a scenario"],
    [["--find-max", "p(99) < 5us", "--rate", "3"], "--find-max: not together with --rate"],
    [["--find-max", "p(99) < 5us", "--occupancy", "1%,2%"], "--find-max: takes one --occupancy"],
    [["--find-max", "p(99)"], "--find-max: expected"],
    [["scenarios/quickstart.yaml", "--rate", "5"], "--rate: not together with a scenario"],
    [["--target", "etcd"], "--target"],
  ])("refuses %j in one line", async (options, expected) => {
    const { exitCode, stderr, stdout } = await runCommand("load", ...options);
    expect(stderr).toContain(expected);
    expect(stdout).toBe("");
    expect(exitCode).toBe(2);
  });
});
