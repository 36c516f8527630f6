import type { LoadedAllocator } from "../../formats/result/load-result.js";
import type { Figure, RunFigures } from "./run-figures.js";

const NS_PER_US = 1000;

/** The repetitions of one allocator on threads, as runs that can be compared in pairs. */
export function loadFigures({ samples }: Pick<LoadedAllocator, "samples">): RunFigures[] {
  return samples.map(({ repetition, operationsPerSecond, serviceNs, fromIntendedNs }) => {
    const latency = (name: string, ns: number | undefined): Figure => ({
      name,
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
        latency("operation_time p(50)", serviceNs?.p50),
        latency("operation_time p(99)", serviceNs?.p99),
        latency("operation_time p(99.9)", serviceNs?.p999),
        latency("from_intended p(50)", fromIntendedNs?.p50),
        latency("from_intended p(99)", fromIntendedNs?.p99),
        latency("from_intended p(99.9)", fromIntendedNs?.p999),
      ],
    };
  });
}
