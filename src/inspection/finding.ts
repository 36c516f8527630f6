/** One object or address that something is wrong with. */
export interface FindingItem {
  /** The address, block, node or object. */
  readonly subject: string;
  /** What is known about it. */
  readonly detail: string;
  /** Commands that put it right, in order; none where waiting does, as the detail then says. */
  readonly fix: readonly string[];
}

/** A kind of fault with all its cases. */
export interface Finding {
  /** Stable name, for programs. */
  readonly kind: string;
  /** A note is worth knowing, and no fault yet. */
  readonly severity: "problem" | "note";
  /** What is wrong and what it leads to. */
  readonly title: string;
  /** Never empty. */
  readonly items: readonly FindingItem[];
  /** Faults of Calico that lead to this, with the releases that have them mended. */
  readonly knownCauses: readonly string[];
}

/** Everything that was found. */
export interface Inspection {
  readonly findings: readonly Finding[];
  /** What could not be checked, and why. */
  readonly notChecked: readonly string[];
}

/** A finding in a list, or nothing when it has no items. */
export function findingOf(
  kind: string,
  severity: Finding["severity"],
  title: string,
  items: readonly FindingItem[],
): Finding[] {
  return items.length === 0 ? [] : [{ kind, severity, title, items, knownCauses: [] }];
}

const NAMES_SHOWN_MAX = 3;

/** A few of the names, and how many more there are. */
export function nameSome(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN_MAX).join(", ");
  const rest = names.length - NAMES_SHOWN_MAX;
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}
