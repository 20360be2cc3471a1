export interface RetryBudgetOptions {
  /** Tokens that each success adds, 0 to 1: in the long run so many retries for each success. */
  readonly ratio: number;
  /** Tokens to start with. @default 1 */
  readonly initial?: number;
}

const MOST = 10;

/**
 * A token bucket that bounds the load of retries, one for each server. When every attempt fails there are as many attempts as
 * calls, whatever `maxRetries` says: a server that is down gets no more than its usual load. DESIGN §3.2; the idea is that of
 * Finagle's `RetryBudget`.
 */
export class RetryBudget {
  readonly #ratio: number;
  #tokens: number;

  constructor({ ratio, initial = 1 }: RetryBudgetOptions) {
    this.#ratio = ratio;
    this.#tokens = initial;
  }

  onSuccess(): void {
    this.#tokens = Math.min(MOST, this.#tokens + this.#ratio);
  }

  /** @returns whether there was a token to take */
  take(): boolean {
    // Ten times 0.1 is a little less than 1.
    if (this.#tokens < 1 - 1e-9) return false;
    this.#tokens = Math.max(0, this.#tokens - 1);
    return true;
  }
}
