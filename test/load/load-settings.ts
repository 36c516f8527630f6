import type { LoadSettings } from "../../src/application/load-allocators.js";
import { Cidr } from "../../src/model/cidr.js";
import { DEFAULT_IPAM_CONFIG } from "../../src/model/ipam-config.js";
import { makePool, type UsablePool } from "../../src/model/pool.js";
import { inlineCrew } from "./inline-crew.js";

/** Four nodes, a pool of 64 blocks of 16, and one thread: this one. */
export function smallLoad(changes: Partial<LoadSettings> = {}): LoadSettings {
  return {
    version: "0.0.0-test",
    world: {
      pools: [makePool({ name: "p", cidr: Cidr.of("10.0.0.0/22"), blockSize: 28 }) as UsablePool],
      nodes: ["a", "b", "c", "d"].map((name) => ({ name, labels: {} })),
      reservations: [],
      config: DEFAULT_IPAM_CONFIG,
    },
    workload: { kind: "churn", podRate: null, pods: [100], warmUpMs: 5, durationMs: 40 },
    workloadText: "a test",
    threads: [1],
    repetitions: 2,
    seed: "1",
    createCrew: () => inlineCrew,
    ...changes,
  };
}
