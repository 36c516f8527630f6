/** What happens to the pods of a starter scenario. */
export const STARTER_WORKLOADS = {
  rollout: "a Deployment that is updated three times",
  arrivals: "pods that come at random and live for a while",
  jobs: "waves of jobs on top of pods that stay",
  spot: "a Deployment on spot machines that vanish and are replaced",
} as const;

export type StarterWorkload = keyof typeof STARTER_WORKLOADS;

/** What a starter scenario is made of. */
export interface StarterChoices {
  readonly name: string;
  readonly release: string;
  readonly nodes: number;
  readonly pods: number;
  readonly pool: string;
  readonly blockSize: number;
  readonly workload: StarterWorkload;
}

function workloadLines({ workload, pods, nodes }: StarterChoices): string[] {
  const deployment = (replicas: number, rollouts: number) => [
    "  - executor: deployment-rollout",
    "    name: web",
    `    replicas: ${replicas} # pods that are kept running`,
    `    rollouts: ${rollouts} # rolling updates, each replaces every pod`,
    ...(rollouts > 0 ? ["    every: 10m"] : []),
  ];
  switch (workload) {
    case "rollout":
      return [
        ...deployment(pods, 3),
        "    maxSurge: 25% # pods that end keep their addresses until they are gone, 30s by default",
        "    maxUnavailable: 25%",
      ];
    case "arrivals":
      return [
        "  - executor: poisson",
        "    name: web",
        `    rate: ${Math.max(1, Math.round(pods / 10))} # pods in each timeUnit; with 10m each, ${pods} run at a time`,
        "    timeUnit: 1m",
        "    duration: 2h",
        "    lifetime: { distribution: exponential, mean: 10m }",
      ];
    case "jobs":
      return [
        ...deployment(Math.max(1, Math.round(pods / 2)), 0),
        "  - executor: job-wave",
        "    name: batch",
        "    startAfter: 10m",
        `    pods: ${Math.max(1, Math.round(pods / 2))} # of each wave`,
        "    waves: 4",
        "    every: 30m",
        "    lifetime: { distribution: lognormal, median: 5m, sigma: 0.5 }",
      ];
    case "spot":
      return [
        ...deployment(pods, 0),
        "  - executor: spot-kill # no CNI DEL runs, so addresses are left behind",
        "    name: market",
        "    startAfter: 1h",
        "    pick: random",
        `    nodes: ${Math.max(1, Math.round(nodes / 2))} # machines that vanish`,
        "    within: 10h",
        "    deleteAfter: 2m # the node object goes",
        "    replaceAfter: 3m # a new machine joins",
      ];
  }
}

/** A commented scenario to start from, as a file's text. */
export function starterScenario(choices: StarterChoices): string {
  const { name, release, nodes, pool, blockSize, workload } = choices;
  return [
    `# ${name}: ${STARTER_WORKLOADS[workload]}`,
    "#",
    `# Run it with ipamlab simulate, and change it. ipamlab scenarios lists real incidents to copy from.`,
    "",
    "# Version of this file format. Every scenario has this line.",
    "ipamlab: 1",
    "",
    `name: ${name}`,
    "",
    "# Whose behaviour is modelled. ipamlab releases lists what differs between them.",
    `release: ${release}`,
    "",
    "# Random draws start from here: the same seed gives the same run.",
    "seed: 1",
    "",
    "# The IP pools. Calico cuts a pool into blocks, and each node claims blocks as it needs them.",
    "pools:",
    "  - name: default",
    `    cidr: ${pool}`,
    `    blockSize: ${blockSize} # 26 makes blocks of 64 addresses`,
    "",
    "ipamConfig:",
    "  strictAffinity: false # true: a node takes addresses from its own blocks only",
    "",
    "nodes:",
    `  count: ${nodes}`,
    "  maxPods: 110 # as the kubelet's",
    "",
    "# What happens. Several executors run side by side; each may have a startAfter.",
    "workload:",
    ...workloadLines(choices),
    "",
    "# What must hold at the end: ipamlab simulate exits with 1 when one of them does not.",
    "thresholds:",
    "  - success_rate == 100%",
    "  - pool_claimed < 80% # share of the pool's blocks that nodes have claimed",
    "  - borrowed_addresses == 0 # addresses from other nodes' blocks, each a /32 route",
    "",
  ].join("\n");
}
