import type { LoadedAllocator } from "../../formats/result/load-result.js";
import type { Figure, RunFigures } from "./run-figures.js";

const NS_PER_US = 1000;

/** The repetitions of one allocator on threads, as runs that can be compared in pairs. */
export function loadFigures({ samples }: Pick<LoadedAllocator, "samples">): RunFigures[] {
  return samples.map(({ repetition, operationsPerSecond, serviceNs }) => {
    const latency = (name: string, ns: number | undefined): Figure => ({
      name: `operation_time ${name}`,
      unit: "us",
      better: "lower",
      value: ns === undefined ? null : ns / NS_PER_US,
    });
    return {
      seed: String(repetition),
      seedMatters: true,
      operations: 0,
      fingerprint: null,
      figures: [
        {
          name: "operations_per_second",
          unit: "count",
          better: "higher",
          value: operationsPerSecond,
        },
        latency("p(50)", serviceNs?.p50),
        latency("p(99)", serviceNs?.p99),
        latency("p(99.9)", serviceNs?.p999),
      ],
    };
  });
}
