import type { DatastoreSettings } from "./scenario.js";
import type { CheckedScenario } from "./scenario-schema.js";
import type { Latency, LatencyBar, WrittenLatency } from "./latency.js";
import { valueAt } from "./schema-faults.js";
import { listAt } from "./sound-parts.js";
import type { FieldPath } from "./yaml-document.js";

/** Where a scenario says how long requests take. */
const READS: FieldPath = ["datastore", "reads"];
const WRITES: FieldPath = ["datastore", "writes"];
const REQUESTS: FieldPath = ["datastore", "requests"];

const takesField = (index: number): FieldPath => [...REQUESTS, index, "takes"];

/** The fields that name a histogram of latencies, whether the rest of the content is sound or not. */
export function histogramFields(content: unknown): FieldPath[] {
  const requests = listAt(content, REQUESTS).map((_, index) => takesField(index));
  return [READS, WRITES, ...requests]
    .filter((path) => valueAt(content, [...path, "distribution"]) === "histogram")
    .map((path) => [...path, "file"]);
}

/** What says how long requests take, whatever form that has. */
interface Latencies<Form> {
  readonly reads: Form;
  readonly writes: Form;
  readonly requests: readonly { readonly request: string; readonly takes: Form }[];
}

/** The datastore's settings with each latency in another form; the order of fields stays. */
export function mapLatencies<Settings extends Latencies<From>, From, To>(
  datastore: Settings & Latencies<From>,
  map: (latency: From, path: FieldPath) => To,
): Omit<Settings, keyof Latencies<From>> & Latencies<To> {
  return {
    ...datastore,
    reads: map(datastore.reads, READS),
    writes: map(datastore.writes, WRITES),
    requests: datastore.requests.map(({ request, takes }, index) => {
      return { request, takes: map(takes, takesField(index)) };
    }),
  };
}

/**
 * The datastore with the histograms that it names.
 *
 * @param barsOf what the file that a field names holds.
 */
export function withHistograms(
  datastore: CheckedScenario["datastore"],
  barsOf: (field: FieldPath, file: string) => readonly LatencyBar[],
): DatastoreSettings {
  return mapLatencies(datastore, (latency: WrittenLatency, path): Latency => {
    if (latency.distribution !== "histogram") return latency;
    return { ...latency, bars: barsOf([...path, "file"], latency.file) };
  });
}
