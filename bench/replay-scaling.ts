/**
 * Does an operation cost more on a larger cluster? Time per operation against the number of nodes
 * (each holds one block) and against the number of blocks in the pool.
 *
 *     npm run bench:scaling
 */
import { loadavg } from "node:os";
import { type ChurnWorkload, runChurn } from "./churn.js";

const ROUNDS = 3;
const now = () => performance.now();

function bestUs(workload: ChurnWorkload): number {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    best = Math.min(best, (runChurn(workload, now).elapsedMs * 1000) / workload.operations);
  }
  return best;
}

const small = process.argv.includes("--small");
const base = { blockSize: 26, operations: small ? 200 : 20_000 };

console.log("nodes (30 pods each, pool 10.0.0.0/10)   µs per operation");
for (const nodes of small ? [10, 20] : [10, 100, 1000, 5000]) {
  const workload = { ...base, name: "nodes", nodes, pool: "10.0.0.0/10", alive: 30 * nodes };
  console.log(`${String(nodes).padStart(6)}   ${bestUs(workload).toFixed(2)}`);
}
console.log("blocks in the pool (100 nodes, 3,000 pods)   µs per operation");
for (const prefix of small ? [16, 17] : [18, 16, 14, 12, 10]) {
  const pool = `10.0.0.0/${prefix}`;
  const workload = { ...base, name: "blocks", nodes: 100, pool, alive: small ? 300 : 3000 };
  const blocks = 2 ** (26 - prefix);
  console.log(`${String(blocks).padStart(6)}   ${bestUs(workload).toFixed(2)}`);
}
console.log(
  `load average ${loadavg()
    .map((value) => value.toFixed(2))
    .join(" ")}, measured here`,
);
