import {
  API_CODES,
  apiCode,
  resourceOfCode,
  verbOfCode,
} from "../datastore/simulated/api-request.js";
import { ApiServer } from "../datastore/simulated/api-server.js";
import {
  Constant,
  type Distribution,
  Empirical,
  Exponential,
  Lognormal,
  Uniform,
} from "../datastore/simulated/latency.js";
import { ASSUMED_OBJECT_BYTES } from "../datastore/simulated/object-bytes.js";
import type { Latency } from "../formats/scenario/latency.js";
import type { DatastoreSettings } from "../formats/scenario/scenario.js";
import type { ApiResource, ApiVerb } from "../model/api-names.js";
import type { Kernel } from "../simulation/kernel.js";

/** Faults of the scenario: once they are over, those that were still to come do not happen. */
export interface Faults {
  isOver: boolean;
}

function distributionOf(latency: Latency): Distribution {
  switch (latency.distribution) {
    case "constant":
      return new Constant(latency.value);
    case "uniform":
      return new Uniform(latency.min, latency.max);
    case "exponential":
      return new Exponential(latency.mean);
    case "lognormal":
      return new Lognormal(latency.median, latency.sigma);
    case "histogram":
      return new Empirical(latency.bars);
  }
}

function codeOf(request: string): number {
  const [verb, resource] = request.split(" ") as [ApiVerb, ApiResource];
  return apiCode(verb, resource);
}

/** What an object adds to a list: its share of the server's work, and its bytes; else nothing. */
function listedObjectUs(code: number, settings: DatastoreSettings): number {
  if (verbOfCode(code) !== "LIST") return 0;
  const { perListedObject, perListedMegabyte = 0 } = settings;
  const resource = resourceOfCode(code);
  const bytes = resource === undefined ? 0 : (ASSUMED_OBJECT_BYTES[resource] ?? 0);
  return perListedObject + (bytes * perListedMegabyte) / 1e6;
}

/** The API server of a scenario, with its outages and brown-outs. */
export function createServer(
  settings: DatastoreSettings,
  kernel: Kernel,
  random: () => number,
  faults: Faults,
): ApiServer {
  const reads = distributionOf(settings.reads);
  const writes = distributionOf(settings.writes);
  const isRead = (code: number) => ["GET", "LIST"].includes(verbOfCode(code));
  const codes = Array.from({ length: API_CODES }, (_, code) => code);
  const byCode = codes.map((code) => (isRead(code) ? reads : writes));
  for (const { request, takes } of settings.requests)
    byCode[codeOf(request)] = distributionOf(takes);
  const perObjectUs = codes.map((code) => listedObjectUs(code, settings));
  const server = new ApiServer({ byCode, perObjectUs }, random, settings.maxInFlight ?? Infinity);
  scheduleDisturbances(kernel, server, settings, faults);
  return server;
}

function scheduleDisturbances(
  kernel: Kernel,
  server: ApiServer,
  settings: DatastoreSettings,
  faults: Faults,
) {
  for (const { from, duration, slowdown } of settings.disturbances) {
    const set = (isOn: boolean) => () => {
      if (isOn && faults.isOver) return;
      if (slowdown === undefined) server.isDown = isOn;
      else server.slowdown = isOn ? slowdown : 1;
    };
    kernel.schedule(from, { wake: set(true) });
    kernel.schedule(from + duration, { wake: set(false) });
  }
}

/** The server takes so much longer, or is down, until it is set anew; unless faults are over. */
export function disturb(server: ApiServer, faults: Faults, slowdown: number | "down"): void {
  if (faults.isOver) return;
  server.isDown = slowdown === "down";
  server.slowdown = slowdown === "down" ? 1 : slowdown;
}

/** The server answers as well as it can from now on. */
export function endFaults(server: ApiServer, faults: Faults): void {
  faults.isOver = true;
  server.isDown = false;
  server.slowdown = 1;
}
