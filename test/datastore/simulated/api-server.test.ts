import { describe, expect, it } from "vitest";
import {
  apiCode,
  resourceOfCode,
  verbOfCode,
} from "../../../src/datastore/simulated/api-request.js";
import { ApiServer, byKindOfWork } from "../../../src/datastore/simulated/api-server.js";
import { Constant } from "../../../src/datastore/simulated/latency.js";

const GET = apiCode("GET", "ipamblocks");
const PUT = apiCode("PUT", "ipamblocks");
const times = byKindOfWork(new Constant(10), new Constant(30));

describe("the simulated server", () => {
  it("names its requests", () => {
    expect([verbOfCode(PUT), resourceOfCode(PUT)]).toEqual(["PUT", "ipamblocks"]);
  });

  it("works on as many requests as it may and lets the others wait in order", () => {
    const server = new ApiServer(times, () => 0, 2);
    const granted: number[] = [];
    const arrivals = [0, 1, 2, 3].map((i) =>
      server.arrive(GET, { slotGranted: () => granted.push(i) }),
    );
    expect(arrivals).toEqual([true, true, false, false]);
    expect([server.inFlight, server.queueLength, server.queuePeak]).toEqual([2, 2, 2]);
    server.leave();
    server.leave();
    expect(granted).toEqual([2, 3]);
    expect(server.counts[GET]).toBe(4);
  });

  it("is slower in a brown-out", () => {
    const server = new ApiServer(times, () => 0);
    expect([server.serviceUs(GET, 0), server.serviceUs(PUT, 0)]).toEqual([10, 30]);
    server.slowdown = 2.5;
    expect(server.serviceUs(PUT, 0)).toBe(75);
  });
});
