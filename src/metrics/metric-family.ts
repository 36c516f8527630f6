/** One value of a metric, with the labels that tell it from the others. */
export interface MetricSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A Prometheus metric with all its values. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  /** In the order in which they are written. */
  readonly samples: readonly MetricSample[];
}
