/** What the comment at the head of a scenario file tells; fields that it leaves out are undefined. */
export interface ScenarioHeader {
  /** One line: what happens. */
  readonly title: string | undefined;
  readonly story: string | undefined;
  /** Where it was reported. */
  readonly source: string | undefined;
  /** What the operator saw, in the reporter's words. */
  readonly reported: string | undefined;
  readonly lookFor: string | undefined;
  readonly cure: string | undefined;
}

/** Comments that are for editors. */
const DIRECTIVE = /^yaml-language-server:/;

/** The paragraphs of the comment that the text begins with, each as one line. */
function paragraphs(text: string): string[] {
  const lines: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (!line.startsWith("#")) break;
    lines.push(line.slice(1).trim());
  }
  return lines
    .filter((line) => !DIRECTIVE.test(line))
    .join("\n")
    .split(/\n{2,}/)
    .map((paragraph) => paragraph.trim().replaceAll("\n", " "))
    .filter((paragraph) => paragraph !== "");
}

/**
 * Reads the comment block at the head of a scenario file. Its first paragraph is the title; the
 * others begin with `Story:`, `Source:`, `Reported:`, `Look for:` or `Cure:`, in any order. Anything
 * else is for readers of the file alone.
 */
export function readScenarioHeader(text: string): ScenarioHeader {
  const [title, ...rest] = paragraphs(text);
  const labelled = (label: string): string | undefined =>
    rest
      .find((paragraph) => paragraph.startsWith(`${label}: `))
      ?.slice(label.length + 2)
      .trim();
  return {
    title,
    story: labelled("Story"),
    source: labelled("Source"),
    reported: labelled("Reported"),
    lookFor: labelled("Look for"),
    cure: labelled("Cure"),
  };
}
