/** One thing that the gate looks at. */
export interface GateCheck {
  /** The metric, the threshold as it was written, `calls`, or `throughput`. */
  readonly name: string;
  readonly kind: "metric" | "calls" | "threshold" | "throughput";
  readonly passed: boolean;
  /** What was found, in a few words; of a metric that is as it was, empty. */
  readonly detail: string;
  readonly unit: string;
  readonly before: number | string | null;
  readonly after: number | string | null;
}

/** All checks of one scenario. */
export interface GateReport {
  readonly file: string;
  readonly scenario: string;
  readonly release: string;
  readonly seed: string;
  /** What the figures rest on. */
  readonly provenance: string;
  readonly checks: readonly GateCheck[];
}

export const hasPassed = ({ checks }: GateReport): boolean => checks.every(({ passed }) => passed);
