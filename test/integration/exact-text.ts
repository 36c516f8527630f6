const STRING_OR_LONG_INTEGER = /"(?:[^"\\]|\\.)*"|-?\d{16,}/gs;
const MARKED = /"integer:(-?\d+)"/g;

/** Reads JSON; an integer that a double cannot hold becomes a marked text. */
export function parseExactly(json: string): unknown {
  return JSON.parse(
    json.replace(STRING_OR_LONG_INTEGER, (found) => {
      return found.startsWith('"') ? found : `"integer:${found}"`;
    }),
  );
}

/** Writes what `parseExactly` has read, with every digit. */
export function exactText(value: unknown): string {
  return JSON.stringify(value).replace(MARKED, "$1");
}
