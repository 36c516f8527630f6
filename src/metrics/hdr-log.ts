import { build, HistogramLogWriter } from "hdr-histogram-js";
import type { LatencyHistogram } from "./latency-histogram.js";

/**
 * An HdrHistogram log (version 1.3 of the log, histograms in the V2 encoding), which the viewers and
 * libraries of HdrHistogram read. Each histogram is a line with its name as its tag.
 *
 * @param seconds length of the measured time.
 */
export function hdrLog(
  histograms: readonly { readonly name: string; readonly histogram: LatencyHistogram }[],
  seconds: number,
): string {
  const lines: string[] = [];
  const writer = new HistogramLogWriter((text) => lines.push(text));
  writer.outputLogFormatVersion();
  writer.outputComment("Latencies in nanoseconds, recorded by ipamlab");
  writer.outputLegend();
  for (const { name, histogram } of histograms) {
    const filled = histogram.buckets();
    if (filled.length === 0) continue;
    const encoded = build({
      bitBucketSize: 64,
      autoResize: true,
      lowestDiscernibleValue: 1,
      highestTrackableValue: 2,
      numberOfSignificantValueDigits: 3,
    });
    encoded.tag = name;
    for (const [value, count] of filled) encoded.recordValueWithCount(value, count);
    writer.outputIntervalHistogram(encoded, 0, seconds, 1);
  }
  return lines.join("");
}
