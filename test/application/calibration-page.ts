import { readScenario } from "../../src/application/read-scenario.js";
import { simulateScenario } from "../../src/application/simulate-scenario.js";
import type { SimulationResult } from "../../src/formats/result/simulation-result.js";
import { formatDecimal } from "../../src/report/format-number.js";

/** One public measurement beside what a scenario of scenarios/calibration comes to. */
export interface CalibrationRow {
  readonly scenario: string;
  readonly what: string;
  readonly source: string;
  /** What was measured of the network's part, seconds. */
  readonly measuredSeconds: number;
  /** Where that figure is from, when it is not the reported one itself. */
  readonly measuredText: string;
  readonly simulatedSeconds: (result: SimulationResult) => number;
  /** Takes long, so that only a rewrite of the page runs it. */
  readonly isLong?: boolean;
}

/** From the first pod that is wanted to the last network. */
function lastReady({ cluster }: SimulationResult): number {
  return cluster!.readyUs!.max / 1e6;
}

/** From the first reclaimed address to the last. */
function collection({ cluster }: SimulationResult): number {
  const series = cluster!.gc!.reclaimedOverTime;
  const total = cluster!.gc!.reclaimed;
  const first = series.find(({ last }) => last > 0)!.timeUs;
  return (series.find(({ last }) => last === total)!.timeUs - first) / 1e6;
}

const density = (pods: number, measuredSeconds: number, isLong: boolean): CalibrationRow => ({
  scenario: `density-${pods}`,
  what: `2,133 hosts, ${pods} pod${pods === 1 ? "" : "s"} on each: the slowest pod`,
  source: "calico#5664",
  measuredSeconds,
  measuredText: `${measuredSeconds} s`,
  simulatedSeconds: lastReady,
  isLong,
});

export const ROWS: readonly CalibrationRow[] = [
  density(1, 45, false),
  density(3, 128, true),
  density(5, 227, true),
  {
    scenario: "one-node",
    what: "100 pods on one node: the last one",
    source: "calico#5612",
    measuredSeconds: 150,
    measuredText: "120 to 180 s",
    simulatedSeconds: lastReady,
  },
  {
    scenario: "ten-nodes",
    what: "1,000 pods on 10 nodes: the last one",
    source: "spiderpool",
    measuredSeconds: 140,
    measuredText: "322 s, which is 140 s more than the fastest plugin's 182 s",
    simulatedSeconds: lastReady,
  },
  {
    scenario: "scan",
    what: "a new node before 1,024 full blocks",
    source: "calico#10551",
    measuredSeconds: 180,
    measuredText: "more than 3 min",
    simulatedSeconds: lastReady,
  },
  {
    scenario: "gc-cycle",
    what: "garbage of a cycle of 3,000 pods",
    source: "calico#8136",
    measuredSeconds: 3000,
    measuredText: "about 50 min",
    simulatedSeconds: collection,
  },
];

/** Runs the scenario of a row. */
export async function simulatedSeconds({ scenario, simulatedSeconds: read }: CalibrationRow) {
  const file = `scenarios/calibration/${scenario}.yaml`;
  return read(await simulateScenario(await readScenario(file), { version: "page" }));
}

export const TABLE_HEAD =
  "| what | source | measured | simulated | difference |\n| --- | --- | --- | ---: | ---: |";

/** How far a prediction is from the measurement, as a share of it. */
export function differenceOf(row: CalibrationRow, simulated: number): number {
  return simulated / row.measuredSeconds - 1;
}

/** One line of the page's table. */
export function tableLine(row: CalibrationRow, simulated: number): string {
  const percent = Math.round(100 * differenceOf(row, simulated));
  const sign = percent > 0 ? "+" : "";
  const cells = [
    `${row.what} (\`${row.scenario}.yaml\`)`,
    row.source,
    row.measuredText,
    `${formatDecimal(simulated, 0)} s`,
    `${sign}${percent} %`,
  ];
  return `| ${cells.join(" | ")} |`;
}
