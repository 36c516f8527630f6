import type { CommandEntry } from "./command.js";

/**
 * The commands of ipamlab, in the order in which help lists them. A module is imported only when
 * its command is used.
 */
export const commands: readonly CommandEntry[] = [
  {
    name: "simulate",
    describe: "Run a scenario through Calico's allocator and sum up what became of it",
    example: ["ipamlab simulate scenarios/quickstart.yaml", "a real cluster trace, replayed"],
    load: () => import("./commands/simulate.js"),
  },
  {
    name: "compare",
    describe: "Compare two releases on a scenario: identical, better, worse, and why",
    example: [
      "ipamlab compare scenarios/quickstart.yaml --a v3.28.3 --b v3.28.4",
      "two releases, call by call",
    ],
    load: () => import("./commands/compare.js"),
  },
  {
    name: "rollout",
    describe: "Rehearse a staged upgrade: waves, health, and what a rollback leaves behind",
    example: [
      "ipamlab rollout my.yaml --from v3.28.4 --to v3.29.7",
      "both releases in one cluster, wave by wave",
    ],
    load: () => import("./commands/rollout.js"),
  },
  {
    name: "gate",
    describe: "Guard CI: fail when a change alters what a scenario comes to",
    example: ["ipamlab gate record my.yaml", "then ipamlab gate check in CI"],
    load: () => import("./commands/gate.js"),
  },
  {
    name: "init",
    describe: "Write a commented scenario to start from, by questions or by options",
    example: ["ipamlab init my.yaml", "a scenario of your own"],
    load: () => import("./commands/init.js"),
  },
  {
    name: "load",
    describe:
      "Drive a coarse-lock and a lock-reduced allocator by threads, and show how they contend",
    example: ["ipamlab load --threads 1,2", "contention, measured on this machine"],
    load: () => import("./commands/load.js"),
  },
  {
    name: "scenarios",
    describe: "List the scenarios that come with ipamlab, real incidents among them",
    example: ["ipamlab scenarios show borrowed-addresses", "an incident to start from"],
    load: () => import("./commands/scenarios.js"),
  },
  {
    name: "explain",
    describe: "Tell step by step what happened to single pods: locks, requests, retries",
    example: ["ipamlab explain my.yaml --slowest 3", "why pods waited"],
    load: () => import("./commands/explain.js"),
  },
  {
    name: "plan",
    describe: "Tell how likely a cluster is to run out of addresses or blocks, and when",
    example: ["ipamlab plan my.yaml --horizon 90d", "the risk of this quarter"],
    load: () => import("./commands/plan.js"),
  },
  {
    name: "conform",
    describe: "Replay recordings of the real Calico library and compare call by call",
    example: ["ipamlab conform test/fixtures/golden", "how exact the model is"],
    load: () => import("./commands/conform.js"),
  },
  {
    name: "releases",
    describe: "Show what each Calico release does differently",
    example: ["ipamlab releases v3.28.3 v3.32.1", "what differs between two releases"],
    load: () => import("./commands/releases.js"),
  },
  {
    name: "explore",
    describe: "Let clients run into each other, fail and die, and check what always holds",
    example: ["ipamlab explore --cases 1000", "what races and faults leave behind"],
    load: () => import("./commands/explore.js"),
  },
  {
    name: "show",
    describe: "Show a cluster's addresses from a kubectl dump, as calicoctl ipam show does",
    load: () => import("./commands/show.js"),
  },
  {
    name: "check",
    describe: "Check a cluster's IPAM from a kubectl dump, and tell how to repair it",
    example: ["ipamlab check cluster.json", "what is wrong in a real cluster"],
    load: () => import("./commands/check.js"),
  },
  {
    name: "import",
    describe: "Make a scenario that starts from a cluster's kubectl dump, with estimated churn",
    example: ["ipamlab import cluster.json -o tomorrow.yaml", "run tomorrow on a real cluster"],
    load: () => import("./commands/import.js"),
  },
  {
    name: "export",
    describe: "Write the cluster that a scenario ends with as Kubernetes objects or keys of etcd",
    load: () => import("./commands/export.js"),
  },
];
