/**
 * Which room of src/ may import which. Every room may also import src/failure; a room that is not
 * listed here is refused until someone decides what it may touch.
 */
const ROOMS = {
  model: [],
  releases: ["model"],
  // Of the datastore, the protocol knows the vocabulary alone: see "protocol-knows-no-driver".
  protocol: ["model", "releases", "datastore"],
  // Of the simulation, the simulated datastore knows the clock: see "datastore-in-time".
  datastore: ["model", "releases", "simulation"],
  simulation: ["protocol", "datastore", "releases", "model", "metrics"],
  // Of the workload, the node knows what a network is to it: see "node-knows-one-interface".
  node: ["protocol", "simulation", "datastore", "model", "releases", "metrics", "workload"],
  controllers: ["protocol", "simulation", "datastore", "model", "releases", "metrics"],
  // Of the formats, the workload knows types alone: see "workload-reads-no-format".
  workload: ["simulation", "model", "formats"],
  conformance: [
    "controllers",
    "node",
    "formats",
    "protocol",
    "datastore",
    "simulation",
    "releases",
    "model",
  ],
  // One function a command's main job, and what the library exports.
  application: [
    "allocator",
    "analysis",
    "cluster-state",
    "controllers",
    "datastore",
    "formats",
    "load",
    "metrics",
    "model",
    "node",
    "releases",
    "rollout",
    "simulation",
    "workload",
  ],
  // A staged upgrade of a simulated cluster: who acts on it while it runs, and what is watched.
  rollout: ["analysis", "formats", "metrics", "model", "releases", "simulation", "workload"],
  exploration: ["protocol", "datastore", "simulation", "releases", "model"],
  // Many runs of a scenario, on the allocator reduced to counts or in the cluster model, and what
  // they say together. Of the application, it knows that model: see "planning-runs-one-model".
  planning: [
    "analysis",
    "application",
    "cluster-state",
    "datastore",
    "formats",
    "model",
    "protocol",
    "releases",
    "simulation",
    "workload",
  ],
  allocator: ["model"],
  load: ["allocator", "metrics"],
  metrics: [],
  analysis: ["node", "controllers", "simulation", "datastore", "formats", "metrics", "model"],
  formats: ["model"],
  // Between the objects of a dump and a datastore in memory, both ways.
  "cluster-state": ["datastore", "formats", "model", "releases"],
  // What is wrong with a cluster, from what its dump says.
  inspection: ["formats", "model", "releases"],
  report: ["analysis", "formats", "inspection", "metrics", "model"],
};

/** Which rooms may import which package. Packages that are not listed are free. */
const PACKAGE_HOMES = {
  yargs: ["cli"],
  piscina: ["application", "load", "planning"],
  zod: ["formats"],
  yaml: ["formats"],
  "csv-parse": ["formats"],
  "@msgpack/msgpack": ["formats"],
  seedrandom: ["simulation"],
  "hdr-histogram-js": ["metrics"],
};

/** Rooms whose result must depend on nothing but their arguments. */
const PURE_ROOMS = [
  "model",
  "protocol",
  "releases",
  "simulation",
  "controllers",
  "exploration",
  "inspection",
  "workload",
  "metrics",
];

const anyOf = (names) => `(${names.join("|")})`;

const roomRules = Object.entries(ROOMS).map(([room, allowed]) => ({
  name: `room-${room}`,
  comment: `src/${room} may import ${["failure", ...allowed].join(", ")}; see .dependency-cruiser.cjs`,
  severity: "error",
  from: { path: `^src/${room}/` },
  to: { path: "^src/", pathNot: `^src/${anyOf([room, "failure", ...allowed])}/` },
}));

const packageRules = Object.entries(PACKAGE_HOMES).map(([name, homes]) => ({
  name: `package-${name}`,
  comment: `${name} is imported by ${homes.join(", ")} only`,
  severity: "error",
  from: { path: "^src/", pathNot: `^src/${anyOf(homes)}/` },
  to: { path: `node_modules/(@types/)?${name}(/|$)` },
}));

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    ...roomRules,
    ...packageRules,
    {
      name: "unlisted-room",
      comment: "a new room of src/ is first entered in the table of .dependency-cruiser.cjs",
      severity: "error",
      from: {
        path: "^src/[^/]+/",
        pathNot: `^src/${anyOf([...Object.keys(ROOMS), "failure", "cli"])}/`,
      },
      to: {},
    },
    {
      name: "protocol-knows-no-driver",
      comment: "the protocol yields requests and takes responses; who answers is not its business",
      severity: "error",
      from: { path: "^src/protocol/" },
      to: {
        path: "^src/datastore/",
        pathNot: "^src/datastore/(datastore|identifier|request|response)[^/]*\\.ts$",
      },
    },
    {
      name: "datastore-in-time",
      comment:
        "only the simulated datastore takes time, and it knows nothing of a run but the clock",
      severity: "error",
      from: { path: "^src/datastore/" },
      to: { path: "^src/simulation/", pathNot: "^src/simulation/kernel\\.ts$" },
    },
    {
      name: "datastore-out-of-time",
      comment: "the datastores that answer at once have no clock",
      severity: "error",
      from: { path: "^src/datastore/[^/]+\\.ts$" },
      to: { path: "^src/simulation/" },
    },
    {
      name: "node-knows-one-interface",
      comment: "what makes pods come and go is not the node's business",
      severity: "error",
      from: { path: "^src/node/" },
      to: { path: "^src/workload/", pathNot: "^src/workload/pod-network\\.ts$" },
    },
    {
      name: "planning-runs-one-model",
      comment: "of what the application does, planning needs the cluster model and its clock's run",
      severity: "error",
      from: { path: "^src/planning/" },
      to: {
        path: "^src/application/",
        pathNot: "^src/application/(cluster-model|model-run|run-kernel)\\.ts$",
      },
    },
    {
      name: "workload-reads-no-format",
      comment: "the workload takes what was read as values; only types come from src/formats",
      severity: "error",
      from: { path: "^src/workload/" },
      to: { path: "^src/formats/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "failure-stands-alone",
      severity: "error",
      from: { path: "^src/failure/" },
      to: { path: "^src/", pathNot: "^src/failure/" },
    },
    {
      name: "nothing-imports-cli",
      comment: "the command line is one of several ways in; what others need belongs in its room",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/cli/" },
      to: { path: "^src/cli/" },
    },
    {
      name: "pure-rooms-do-no-io",
      comment: "files, sockets, processes and threads belong to the drivers and the command line",
      severity: "error",
      // Address parsing is gated by net.isIP, which is pure.
      from: { path: `^src/${anyOf(PURE_ROOMS)}/`, pathNot: "^src/model/address\\.ts$" },
      to: {
        dependencyTypes: ["core"],
        path: "^(node:)?(fs|net|http|http2|https|dns|dgram|tls|child_process|worker_threads|cluster|readline|process|os)(/|$)",
      },
    },
    {
      name: "no-cycle",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "src-stands-alone",
      comment: "what is delivered needs neither tests nor development packages",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^(test|bench)/" },
    },
    {
      name: "no-development-package-in-src",
      severity: "error",
      from: { path: "^src/" },
      to: {
        dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"],
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "resolvable",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
  },
};
