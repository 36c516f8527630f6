/** What is stored with an address: whose it is, and free-form facts (pod, namespace, node). */
export interface Attribute {
  /** Handle id, or null for an address that was assigned without one. */
  readonly handle: string | null;
  /** Null when none was given, which differs from an empty map. */
  readonly secondary: Readonly<Record<string, string>> | null;
}

function isSameMap(a: Attribute["secondary"], b: Attribute["secondary"]): boolean {
  if (a === b) return true;
  if (a === null || b === null) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key]);
}

/** Whether a block keeps the two as one: equal handle and equal secondary map. */
export function isSameAttribute(a: Attribute, b: Attribute): boolean {
  return a.handle === b.handle && isSameMap(a.secondary, b.secondary);
}
