/** Labels of a node or a namespace: name to value. */
export type Labels = Readonly<Record<string, string>> | ReadonlyMap<string, string>;

/** Whether labels pass a test; a selector is put together from these. */
export type LabelTest = (labels: Labels) => boolean;

/** The value of a label, undefined when it is absent. An empty value is a value. */
function valueOf(labels: Labels, name: string): string | undefined {
  if (labels instanceof Map) return (labels as ReadonlyMap<string, string>).get(name);
  const record = labels as Readonly<Record<string, string>>;
  // Labels may be named like the members that every object inherits.
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

export const always: LabelTest = () => true;

export function isPresent(name: string): LabelTest {
  return (labels) => valueOf(labels, name) !== undefined;
}

/** The label is present and its value is as wanted. */
export function hasValue(name: string, isWanted: (value: string) => boolean): LabelTest {
  return (labels) => {
    const value = valueOf(labels, name);
    return value !== undefined && isWanted(value);
  };
}

export function not(test: LabelTest): LabelTest {
  return (labels) => !test(labels);
}

export function everyOf(tests: readonly LabelTest[]): LabelTest {
  return tests.length === 1 ? tests[0]! : (labels) => tests.every((test) => test(labels));
}

export function someOf(tests: readonly LabelTest[]): LabelTest {
  return tests.length === 1 ? tests[0]! : (labels) => tests.some((test) => test(labels));
}
