/** Share of a standard normal distribution that is above `z`, to about 14 digits. */
export function normalUpperTail(z: number): number {
  return z < 0 ? 1 - tailAboveZero(-z) : tailAboveZero(z);
}

/** A continued fraction where it converges fast, the power series of the integral below. */
function tailAboveZero(z: number): number {
  const density = Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
  if (z < 3) {
    let term = z;
    let sum = z;
    for (let k = 3; Math.abs(term) > 1e-17 * sum; k += 2) {
      term *= (z * z) / k;
      sum += term;
    }
    return 0.5 - density * sum;
  }
  let fraction = 0;
  for (let k = 200; k >= 1; k--) fraction = k / (z + fraction);
  return density / (z + fraction);
}
