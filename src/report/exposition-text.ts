import type { MetricFamily, MetricSample } from "../metrics/metric-family.js";

/** Backslash, line feed and, in values of labels, the quotation mark are escaped. */
function escapeText(text: string, quotes: boolean): string {
  const escaped = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return quotes ? escaped.replaceAll('"', '\\"') : escaped;
}

/** A value as Prometheus reads it: a Go float. */
function valueText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  return String(value);
}

function sampleLine(name: string, { labels, value }: MetricSample): string {
  const pairs = Object.entries(labels).map(
    ([label, text]) => `${label}="${escapeText(text, true)}"`,
  );
  const braces = pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
  return `${name}${braces} ${valueText(value)}\n`;
}

/**
 * Metrics in Prometheus' text format, version 0.0.4. A metric without values is left out, as the
 * client libraries do.
 */
export function expositionText(families: readonly MetricFamily[]): string {
  let text = "";
  for (const { name, help, type, samples } of families) {
    if (samples.length === 0) continue;
    text += `# HELP ${name} ${escapeText(help, false)}\n# TYPE ${name} ${type}\n`;
    for (const sample of samples) text += sampleLine(name, sample);
  }
  return text;
}
