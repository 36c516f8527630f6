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
}

/** Everything that was found. */
export interface Inspection {
  readonly findings: readonly Finding[];
  /** What could not be checked, and why. */
  readonly notChecked: readonly string[];
}
