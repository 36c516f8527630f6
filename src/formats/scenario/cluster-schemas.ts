import * as z from "zod";
import { didYouMean } from "../../failure/nearest-name.js";
import { API_RESOURCE_NAMES, API_VERBS } from "../../model/api-names.js";
import { quoted } from "../traces/printable.js";
import type { Distribution } from "./distribution.js";
import { duration, positiveDuration } from "./duration.js";
import { latency } from "./latency.js";
import { choice, flag, name, positiveNumber, text, wholeNumber } from "./schema-pieces.js";
import { orList } from "./wording.js";

/**
 * Sections of a scenario that only `model: cluster` has: the datastore that all clients share, and what
 * is around the plugin on a node.
 */

const constant = (value: number): Distribution => ({ distribution: "constant", value });

function requestRule(written: string): string | undefined {
  const expected = `expected a request such as LIST ipamblocks, found ${quoted(written)}`;
  const [verb = "", resource = "", ...rest] = written.split(" ");
  if (rest.length > 0 || resource === "") return expected;
  const verbs: readonly string[] = API_VERBS;
  const resources: readonly string[] = API_RESOURCE_NAMES;
  if (!verbs.includes(verb)) return `${expected}; verbs are ${orList(verbs)}`;
  if (resources.includes(resource)) return undefined;
  const near = didYouMean(resource, resources);
  const advice = near === "" ? `; known are ${resources.join(", ")}` : near;
  return `unknown resource ${quoted(resource)}${advice}`;
}

const RequestTimeSchema = z.strictObject(
  {
    request: text("a request such as LIST ipamblocks", requestRule).describe(
      "Verb (GET, LIST, POST, PUT, DELETE, PATCH) and resource of the requests.",
    ),
    takes: latency().describe("How long they take at a server that is not busy."),
  },
  "a mapping with request and takes",
);

const DisturbanceSchema = z.strictObject(
  {
    from: duration().describe("When it begins."),
    duration: positiveDuration().describe("How long it lasts."),
    slowdown: positiveNumber(1e6)
      .optional()
      .describe("Factor on every service time; connections are refused when absent."),
  },
  "a disturbance with from and duration",
);

export const DatastoreSchema = z.strictObject(
  {
    mode: choice(["kubernetes", "etcd"])
      .default("kubernetes")
      .describe("kubernetes: custom resources behind the API server; etcd: Calico's own etcd."),
    reads: latency()
      .default(constant(5000))
      .describe("How long a GET or one page of a LIST takes at a server that is not busy; 5ms."),
    writes: latency()
      .default(constant(10_000))
      .describe("How long a POST, PUT, PATCH or DELETE takes; 10ms."),
    requests: z
      .array(RequestTimeSchema, "a list of requests with what they take")
      .default([])
      .describe("Requests that take another time than other reads or writes."),
    perListedObject: duration()
      .default(20)
      .describe("Added to a list for each object on the page; 20us."),
    perListedMegabyte: duration()
      .optional()
      .describe(
        "Added to a list for each million bytes on the page, nothing when absent. The size of an object " +
          "is assumed by its kind: the report names it.",
      ),
    maxInFlight: wholeNumber(1, 1_000_000)
      .optional()
      .describe("Requests that the server works on at a time; no limit when absent."),
    clientQps: positiveNumber(1e6)
      .default(5)
      .describe("Requests a second of one client after its burst; Calico's client-go has 5."),
    clientBurst: wholeNumber(1, 1_000_000)
      .default(100)
      .describe("Requests that a fresh client may send at once; Calico sets 100."),
    disturbances: z
      .array(DisturbanceSchema, "a list of disturbances")
      .default([])
      .describe("Outages, and times at which the server is slow."),
  },
  "a mapping with reads and writes",
);

export const NodeSectionSchema = z.strictObject(
  {
    windows: flag().default(false).describe("All nodes run Windows; needs strictAffinity."),
    processStart: duration()
      .default(50_000)
      .describe("Starting one plugin process; an ADD or DEL starts two. 50ms."),
    networkSetup: duration()
      .default(0)
      .describe("Setting up a sandbox's interface after IPAM; 0s."),
    lockOrder: choice(["arrival", "random"])
      .default("arrival")
      .describe("Who is woken when the node's lock is free: the longest waiting, or anyone."),
    lockWakeUp: duration().default(100).describe("Longest time until a woken process runs; 100us."),
    retry: positiveDuration()
      .default(10_000_000)
      .describe("Pause of the kubelet after a failed sandbox, at least; at most half more. 10s."),
  },
  "a mapping of what a node's work costs",
);

const OutageSchema = z.strictObject(
  {
    from: duration().describe("When the collector stops."),
    duration: positiveDuration().describe("How long until another one starts, knowing nothing."),
  },
  "an outage with from and duration",
);

export const GcSchema = z.strictObject(
  {
    enabled: flag().default(true).describe("Whether kube-controllers collects garbage."),
    gracePeriod: duration()
      .default(900_000_000)
      .describe("Calico's leakGracePeriod; 0s collects from nodes that are gone only. 15m."),
    release: name("release")
      .optional()
      .describe("Calico release of kube-controllers; that of the nodes when absent."),
    watchLatency: duration()
      .default(50_000)
      .describe("From a change until the collector's watch has delivered it; 50ms."),
    outages: z
      .array(OutageSchema, "a list of outages")
      .default([])
      .describe("Times without kube-controllers; they must not touch each other."),
  },
  "a mapping of how garbage is collected",
);
