/** What every command that takes a scenario declares. */

/** The scenario itself. */
export const SCENARIO_ARGUMENT = {
  describe: "scenario file, or name of one that comes with ipamlab; - is standard input",
  type: "string",
  demandOption: true,
} as const;

/** Changes of the scenario, for `readScenario`. */
export const SET_OPTION: {
  readonly describe: string;
  readonly type: "string";
  readonly array: true;
  readonly default: string[];
} = {
  describe:
    "change a field, as in nodes.count=50 or pools.default.blockSize=28; null takes it away, " +
    "thresholds.+=… adds to a list; may be given several times",
  type: "string",
  array: true,
  default: [],
};
