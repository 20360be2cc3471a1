/** How AWS is asked: at most so many requests at once, each with an end. */

const AT_ONCE = 8;
/** With its retries. */
const REQUEST_MS = 15_000;

/** What AWS said instead of an answer, or that it said nothing. */
export class AskFailure extends Error {
  override readonly name = 'AskFailure';
  /** As a policy names it: `kms:GetKeyRotationStatus`. */
  readonly action: string;
  /** The error's name: `AccessDeniedException`. */
  readonly code: string;

  constructor(action: string, error: unknown) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    const isLate = name === 'AbortError' || name === 'TimeoutError';
    super(isLate ? `no answer within ${REQUEST_MS / 1_000} s` : message || name, { cause: error });
    this.action = action;
    this.code = isLate ? 'Timeout' : name;
  }
}

/** Every request goes through one of these. */
export class Asker {
  /** How many have been answered, for the progress. */
  answered = 0;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /**
   * @param action as a policy names it
   * @param send gets what ends the request when it takes too long
   * @throws AskFailure
   */
  async ask<T>(action: string, send: (options: { abortSignal: AbortSignal }) => Promise<T>): Promise<T> {
    if (this.#running >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await send({ abortSignal: AbortSignal.timeout(REQUEST_MS) });
    } catch (error) {
      throw new AskFailure(action, error);
    } finally {
      this.answered += 1;
      const next = this.#waiting.shift();
      // Its place goes to the next one.
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}

/** What a request that finds nothing gives, instead of its failure. */
export async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch((error: unknown) => {
    if (error instanceof AskFailure && /NotFound/.test(error.code)) return undefined;
    throw error;
  });
}
