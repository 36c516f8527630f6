/** Blocks shown of those that cannot be as they are. */
const TORN_SHOWN_MAX = 3;

/** What a state with such blocks has that cannot be, in words. */
export function tornText(torn: readonly string[]): string {
  const shown = torn.slice(0, TORN_SHOWN_MAX).join(", ");
  const more = torn.length - TORN_SHOWN_MAX;
  const rest = more > 0 ? ` and ${more} more` : "";
  return `blocks overlap or contradict themselves: ${shown}${rest}`;
}
