const argv = process.argv.slice(2);

/** The number that follows an option on the command line of a benchmark. */
export function numberAfter(option: string, otherwise: number): number {
  const at = argv.indexOf(option);
  return at < 0 ? otherwise : Number(argv[at + 1]);
}
