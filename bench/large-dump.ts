/**
 * Does a very large dump fit into the on-call engineer's machine and patience? A cluster of 10,000 blocks,
 * 150,000 pods with as many handles and 5,000 nodes is written as `kubectl get -o json` prints it, and
 * read by each command in a process of its own: wall time, processor time and peak of memory (resident).
 *
 *     npm run bench:dump [-- --small]
 */
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { largeClusterText } from "./large-cluster.js";

const MIB = 1024 * 1024;
const size = process.argv.includes("--small")
  ? { blocks: 100, pods: 1500, nodes: 50 }
  : { blocks: 10_000, pods: 150_000, nodes: 5000 };

interface Cost {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly peakMib: number;
}

const folder = await mkdtemp(join(tmpdir(), "ipamlab-dump-"));
const [dump, report, preload] = ["cluster.json", "usage.json", "usage.cjs"].map((name) => {
  return join(folder, name);
}) as [string, string, string];

/** What a command line costs, measured by its process itself when it ends. */
async function costOf(...argv: string[]): Promise<Cost> {
  const options = ["--require", preload, "dist/cli/main.js", ...argv];
  const start = performance.now();
  const child = spawn(process.execPath, options, { stdio: ["ignore", "ignore", "inherit"] });
  const code = await new Promise((resolve) => child.once("exit", resolve));
  const wallSeconds = (performance.now() - start) / 1000;
  if (code !== 0) throw new Error(`ipamlab ${argv.join(" ")} ended with ${String(code)}`);
  const usage = JSON.parse(await readFile(report, "utf8")) as NodeJS.ResourceUsage;
  const cpuSeconds = (usage.userCPUTime + usage.systemCPUTime) / 1e6;
  // maxRSS is in KiB.
  return { wallSeconds, cpuSeconds, peakMib: usage.maxRSS / 1024 };
}

function row(cells: readonly string[]): string {
  const [name, ...figures] = cells;
  return name!.padEnd(34) + figures.map((figure) => figure.padStart(14)).join("");
}

try {
  await pipeline(Readable.from(largeClusterText(size)), createWriteStream(dump));
  const usage = "JSON.stringify(process.resourceUsage())";
  const note = `require("node:fs").writeFileSync(${JSON.stringify(report)}, ${usage})`;
  await writeFile(preload, `process.on("exit", () => { ${note}; });\n`);
  const mib = Math.round((await stat(dump)).size / MIB);
  console.log(
    `${size.blocks} blocks, ${size.pods} handles, ${size.pods} pods, ${size.nodes} nodes: ${mib} MiB`,
  );
  const scenario = join(folder, "cluster.yaml");
  const commands: Record<string, string[]> = {
    show: ["show", dump],
    "show --show-blocks": ["show", "--show-blocks", dump],
    check: ["check", dump],
    "check --json": ["check", "--json", dump],
    import: ["import", dump, "-o", scenario],
    "import --anonymise": ["import", dump, "--anonymise", "-o", join(folder, "other.yaml")],
    "export --at 0s": ["export", scenario, "--at", "0s", "-o", join(folder, "state.json")],
  };
  console.log(row(["command", "wall s", "processor s", "peak MiB"]));
  for (const [name, argv] of Object.entries(commands)) {
    const { wallSeconds, cpuSeconds, peakMib } = await costOf(...argv);
    const figures = [wallSeconds.toFixed(1), cpuSeconds.toFixed(1), peakMib.toFixed(0)];
    console.log(row([name, ...figures]));
  }
  const loads = loadavg().map((load) => load.toFixed(2));
  console.log(`load average ${loads.join(" ")}, measured here`);
} finally {
  await rm(folder, { recursive: true });
}
