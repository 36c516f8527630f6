import { arch, cpus, platform } from "node:os";
import type { Machine } from "../formats/result/baseline.js";

/** What of this machine decides how fast it is, as far as it can be told. */
export function thisMachine(): Machine {
  return {
    platform: platform(),
    arch: arch(),
    cpu: cpus()[0]?.model ?? "unknown",
    node: process.versions.node.split(".")[0]!,
  };
}
