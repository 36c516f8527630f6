import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { estimateChurn, type PodLife } from "../../src/analysis/churn-estimate.js";

const NOW_MS = Date.parse("2026-01-05T10:00:00Z");
const HOUR = 3600;

function life(
  owner: string,
  ageSeconds: number,
  more: { ended?: number; ownerName?: string; namespace?: string } = {},
): PodLife {
  const [kind = "", name = ""] = owner.split("/");
  const startMs = NOW_MS - ageSeconds * 1000;
  return {
    namespace: more.namespace ?? "shop",
    workload: { kind, name },
    ownerName: more.ownerName ?? name,
    startMs,
    endMs: more.ended === undefined ? null : startMs + more.ended * 1000,
  };
}

function times(count: number, make: (i: number) => PodLife): PodLife[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

describe("from one look", () => {
  test("the mean age is the lifetime, and Little's law gives the rate", () => {
    const lives = times(10, (i) => life("Deployment/cart", (i + 1) * HOUR));
    const { estimates } = estimateChurn(lives, NOW_MS);
    expect(estimates).toHaveLength(1);
    expect(estimates[0]).toMatchObject({
      kind: "arrivals",
      owner: "Deployment/cart",
      namespace: "shop",
      running: 10,
      meanLifetimeSeconds: 5.5 * HOUR,
      perSecond: 10 / (5.5 * HOUR),
    });
  });

  test("few pods of several workloads are estimated together", () => {
    const lives = times(4, (i) => life(`Deployment/d${i}`, HOUR));
    const { estimates } = estimateChurn(lives, NOW_MS);
    expect(estimates).toMatchObject([{ owner: "Deployment", namespace: undefined, running: 4 }]);
  });

  test("pods that ended give lifetimes and rate of jobs", () => {
    const ended = times(10, (i) => life("Job/etl", (i + 1) * 60, { ended: 30 }));
    const { estimates } = estimateChurn(ended, NOW_MS);
    expect(estimates).toMatchObject([
      { owner: "Job/etl", running: 0, meanLifetimeSeconds: 30, perSecond: 9 / 600 },
    ]);
  });

  test("pods that are of a node, and clocks that differ, make no churn and no infinite rate", () => {
    expect(
      estimateChurn(
        times(9, () => life("DaemonSet/log", HOUR)),
        NOW_MS,
      ).estimates,
    ).toEqual([]);
    const young = times(5, () => life("Deployment/new", -3));
    expect(estimateChurn(young, NOW_MS).estimates).toMatchObject([{ perSecond: 5 }]);
  });

  test("nothing is estimated of nothing", () => {
    expect(estimateChurn([], NOW_MS)).toEqual({
      estimates: [],
      largestBurst: undefined,
      unknown: [],
    });
  });
});

describe("CronJobs", () => {
  const minutes = NOW_MS / 60_000;
  const run = (name: string, minutesAgo: number, ended?: number) =>
    life(`CronJob/${name}`, minutesAgo * 60, {
      ownerName: `${name}-${minutes - minutesAgo}`,
      ...(ended === undefined ? {} : { ended }),
    });

  test("run as the names of their Jobs say; those of one time are one", () => {
    const lives = ["a", "b"].flatMap((name) => [run(name, 12, 20), run(name, 7, 40), run(name, 2)]);
    expect(estimateChurn(lives, NOW_MS).estimates).toMatchObject([
      {
        kind: "cronjob",
        owner: "CronJob",
        jobs: 2,
        podsPerJob: 1,
        everySeconds: 300,
        firstAfterSeconds: 180,
        meanLifetimeSeconds: 30,
        running: 2,
      },
    ]);
  });

  test("of one run it is not known how often", () => {
    const { estimates, unknown } = estimateChurn([run("nightly", 600)], NOW_MS);
    expect(estimates).toEqual([]);
    expect(unknown).toEqual(["CronJob shop/nightly: how often it runs (one run is listed)"]);
  });
});

test("the busiest minute is told", () => {
  const lives = [0, 10, 30, 300, 310].map((age) => life("Deployment/cart", age));
  expect(estimateChurn(lives, NOW_MS).largestBurst).toEqual({
    pods: 3,
    withinSeconds: 30,
    startMs: NOW_MS - 30_000,
  });
});

describe("from a watch", () => {
  const watched = { fromMs: NOW_MS - HOUR * 1000, toMs: NOW_MS };

  test("arrivals are counted, and lives that go on count with the time that they ran", () => {
    const lives = [
      ...times(6, () => life("Deployment/cart", 1800, { ended: 600 })),
      ...times(6, () => life("Deployment/cart", 600)),
      ...times(6, () => life("Deployment/cart", 10 * HOUR)),
    ];
    const { estimates } = estimateChurn(lives, NOW_MS, watched);
    expect(estimates).toMatchObject([
      { perSecond: 12 / HOUR, meanLifetimeSeconds: (6 * 600 + 6 * 600 + 6 * HOUR) / 6 },
    ]);
  });

  test("a workload of which no pod came is not part of the churn", () => {
    const lives = times(6, () => life("Deployment/cart", 10 * HOUR));
    expect(estimateChurn(lives, NOW_MS, watched).estimates).toEqual([]);
  });
});

test("estimates are finite and above zero, whatever the times", () => {
  const anyLife = fc
    .record({
      owner: fc.constantFrom("Deployment/a", "Job/b", "Pod/c", "CronJob/d", "StatefulSet/e"),
      age: fc.integer({ min: -1000, max: 1e8 }),
      ended: fc.option(fc.integer({ min: -10, max: 1e6 }), { nil: undefined }),
      suffix: fc.constantFrom("", "-29460000", "-29460001", "-1767607200"),
    })
    .map(({ owner, age, ended, suffix }) =>
      life(owner, age, { ownerName: owner + suffix, ...(ended === undefined ? {} : { ended }) }),
    );
  fc.assert(
    fc.property(fc.array(anyLife, { maxLength: 40 }), fc.boolean(), (lives, isWatched) => {
      const watched = isWatched ? { fromMs: NOW_MS - 1e6, toMs: NOW_MS } : undefined;
      for (const found of estimateChurn(lives, NOW_MS, watched).estimates) {
        const numbers =
          found.kind === "arrivals"
            ? [found.perSecond]
            : [found.everySeconds, found.jobs, found.podsPerJob];
        for (const number of [...numbers, found.meanLifetimeSeconds]) {
          expect(number).toBeGreaterThan(0);
          expect(number).toBeLessThan(Infinity);
        }
      }
    }),
  );
});
