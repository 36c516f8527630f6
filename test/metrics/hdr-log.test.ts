import { HistogramLogReader } from "hdr-histogram-js";
import { expect, it } from "vitest";
import { hdrLog } from "../../src/metrics/hdr-log.js";
import { LatencyHistogram } from "../../src/metrics/latency-histogram.js";

it("writes logs that HdrHistogram's own reader reads", () => {
  const histogram = new LatencyHistogram();
  for (let value = 1; value <= 100_000; value += 7) histogram.record(value);
  const log = hdrLog(
    [
      { name: "assign", histogram },
      { name: "nothing", histogram: new LatencyHistogram() },
    ],
    2.5,
  );
  const reader = new HistogramLogReader(log);
  const read = reader.nextIntervalHistogram()!;
  expect(read.tag).toBe("assign");
  expect(read.totalCount).toBe(histogram.count);
  for (const share of [0.5, 0.99, 0.999, 1]) {
    expect(read.getValueAtPercentile(share * 100)).toBe(histogram.quantile(share));
  }
  expect(reader.nextIntervalHistogram()).toBeNull();
});
