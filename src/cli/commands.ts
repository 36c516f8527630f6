import type { CommandEntry } from "./command.js";

/**
 * The commands of ipamlab, in the order in which help lists them. A module is imported only when
 * its command is used:
 * `{ name: "simulate", describe: "…", load: () => import("./commands/simulate.js") }`.
 */
export const commands: readonly CommandEntry[] = [];
