import type { BaselineEntry, BaselineFigure } from "../../formats/result/baseline.js";
import type { SimulationResult } from "../../formats/result/simulation-result.js";
import type { Figure } from "../comparison/run-figures.js";
import type { GateCheck } from "./gate-check.js";

/** What a run has to be compared with a baseline. */
export interface MeasuredRun {
  readonly figures: readonly Figure[];
  readonly fingerprint: NonNullable<SimulationResult["fingerprint"]>;
  readonly thresholds: SimulationResult["thresholds"];
}

function changeText(before: number | null, after: number | null, better: Figure["better"]): string {
  if (before === null || after === null || better === "neither") return "changed";
  return after > before === (better === "higher") ? "better" : "worse";
}

function checkFigure(before: BaselineFigure, after: Figure | undefined): GateCheck {
  const common = {
    name: before.name,
    kind: "metric",
    unit: before.unit,
    before: before.value,
  } as const;
  if (after === undefined) {
    const detail = "is not measured any more";
    return { ...common, passed: false, detail, after: null };
  }
  const passed = before.value === after.value;
  const detail = passed ? "" : changeText(before.value, after.value, after.better);
  return { ...common, passed, detail, after: after.value };
}

function checkCalls(
  before: BaselineEntry["fingerprint"],
  after: BaselineEntry["fingerprint"],
): GateCheck {
  const passed = before.hash === after.hash && before.calls === after.calls;
  return {
    name: "calls",
    kind: "calls",
    passed,
    detail: passed
      ? `all ${after.calls} datastore calls and ${after.addresses} addresses as in the baseline`
      : "the datastore calls or the addresses given out are others",
    unit: "count",
    before: before.calls,
    after: after.calls,
  };
}

/**
 * Checks a run against its baseline, exactly: the same scenario, release and seed give the same
 * figures on any machine, so that every change has a reason. A metric that the baseline does not
 * know yet is shown and passes.
 */
export function checkFigures(entry: BaselineEntry, run: MeasuredRun): GateCheck[] {
  const known = new Set(entry.figures.map(({ name }) => name));
  return [
    ...run.thresholds.map(
      ({ check, passed, value, unit }): GateCheck => ({
        name: check,
        kind: "threshold",
        passed,
        detail: passed ? "holds" : "does not hold",
        unit,
        before: null,
        after: value,
      }),
    ),
    checkCalls(entry.fingerprint, run.fingerprint),
    ...entry.figures.map((figure) =>
      checkFigure(
        figure,
        run.figures.find(({ name }) => name === figure.name),
      ),
    ),
    ...run.figures
      .filter(({ name }) => !known.has(name))
      .map(
        ({ name, unit, value }): GateCheck => ({
          name,
          kind: "metric",
          passed: true,
          detail: "new: not in the baseline",
          unit,
          before: null,
          after: value,
        }),
      ),
  ];
}
