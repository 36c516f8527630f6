/** Rounds a number that is not negative to a whole one, halves to the even neighbour. */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** A number that is not negative as Go's `%.f` prints it. */
export function formatGoWhole(value: number): string {
  return Number.isNaN(value) ? "NaN" : String(roundHalfToEven(value));
}

const SIGNIFICANT_DIGITS = 5;

/** A whole number that is not negative as Go's `%.5g` prints it: `65536`, `1.3107e+05`. */
export function formatGoCount(value: number): string {
  if (value < 10 ** SIGNIFICANT_DIGITS) return String(value);
  const digits = BigInt(value).toString();
  let exponent = digits.length - 1;
  const unit = 10n ** BigInt(digits.length - SIGNIFICANT_DIGITS);
  const exact = BigInt(value);
  let kept = exact / unit;
  const rest = exact % unit;
  if (rest * 2n > unit || (rest * 2n === unit && kept % 2n === 1n)) kept++;
  let text = kept.toString();
  // 99999.5 thousand becomes 1e+08.
  if (text.length > SIGNIFICANT_DIGITS) exponent++;
  text = text.replace(/0+$/, "");
  const mantissa = text.length === 1 ? text : `${text[0]}.${text.slice(1)}`;
  return `${mantissa}e+${String(exponent).padStart(2, "0")}`;
}
