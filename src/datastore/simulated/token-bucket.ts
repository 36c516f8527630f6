/** Requests a second and burst of a client. */
export interface RateLimit {
  readonly qps: number;
  readonly burst: number;
}

/** Calico's default for each client: burst forced to 100, client-go's 5 requests/s. */
export const DEFAULT_RATE_LIMIT: RateLimit = { qps: 5, burst: 100 };

/**
 * The token bucket of one client (golang.org/x/time/rate@v0.5.0): it starts full, grows by `qps`
 * tokens a second as a real number, and a request may take it below zero and wait until the debt is
 * paid.
 */
export class TokenBucket {
  #tokens: number;
  #lastUs = 0;

  constructor(private readonly limit: RateLimit) {
    this.#tokens = limit.burst;
  }

  /**
   * Takes one token.
   *
   * @param deadlineUs time after which the request must not start.
   * @returns how long to wait before the request starts, in whole microseconds; undefined when that
   *   would pass the deadline, and then no token is taken.
   */
  reserve(nowUs: number, deadlineUs: number): number | undefined {
    const { qps, burst } = this.limit;
    if (qps === Infinity) return 0;
    const grown = Math.min(burst, this.#tokens + ((nowUs - this.#lastUs) * qps) / 1e6);
    const left = grown - 1;
    const waitUs = left >= 0 ? 0 : Math.round((-left / qps) * 1e6);
    // A real timer starts some instants before the first request, which simulated time does not show:
    // a wait until the very end is one beyond it.
    if (waitUs > 0 && nowUs + waitUs >= deadlineUs) return undefined;
    this.#tokens = left;
    this.#lastUs = nowUs;
    return waitUs;
  }
}
