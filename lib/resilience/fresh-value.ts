import type { Clock } from './clock.ts';
import { SingleFlight } from './single-flight.ts';

/** A value that has to be fetched again and again. */
export interface Fetched<T> {
  readonly value: T;
  /** From then on a new one is asked for, epoch milliseconds. */
  readonly renewAtMs: number;
  /** Until then it stands in where none can be had, epoch milliseconds. @default for ever */
  readonly expiresAtMs?: number;
}

export interface Versioned<T> {
  readonly value: T;
  /** Grows with each value that differs from the one before. */
  readonly version: number;
}

/** Where asking for something new was in vain, asking again at once would only cost: after so long, twice that, and so on, milliseconds. */
const PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 10_000;

/**
 * The latest value of something that rotates. One fetch at a time, whoever asks; a value that was refused is fetched again, but only if
 * nobody has done so since it was handed out.
 */
export class FreshValue<T> {
  readonly #fetch: (signal: AbortSignal) => Promise<Fetched<T>>;
  readonly #now: Clock;
  readonly #flight = new SingleFlight<Versioned<T>>();
  #latest: (Versioned<T> & Fetched<T>) | undefined;
  #refreshAgainAtMs = 0;
  /** A refusal before that is of what an earlier refusal brought, milliseconds. */
  #nextRefusalAtMs = 0;
  /** How often in a row. */
  #vain = 0;

  constructor(fetch: (signal: AbortSignal) => Promise<Fetched<T>>, now: Clock) {
    this.#fetch = fetch;
    this.#now = now;
  }

  /**
   * @param refusedVersion of a value that proved wrong
   * @throws what the fetch threw, where no older value can stand in; what `signal` aborted with
   */
  async get(signal: AbortSignal, refusedVersion?: number): Promise<Versioned<T>> {
    const latest = this.#latest;
    if (latest !== undefined && !this.#isDue(latest, refusedVersion)) return latest;
    const wasUnderWay = this.#flight.isUnderWay;
    const renew = (ended: AbortSignal) => this.#renew(ended, refusedVersion);
    const renewed = await this.#flight.join(signal, renew);
    // What was under way may have begun before the value was refused.
    const isStale = wasUnderWay && renewed.version === refusedVersion && this.#now() >= this.#refreshAgainAtMs;
    return isStale ? this.#flight.join(signal, renew) : renewed;
  }

  #isDue(latest: Versioned<T> & Fetched<T>, refusedVersion: number | undefined): boolean {
    const { version, renewAtMs, expiresAtMs = Number.POSITIVE_INFINITY } = latest;
    const nowMs = this.#now();
    if (nowMs >= expiresAtMs) return true;
    return nowMs >= this.#refreshAgainAtMs && (version === refusedVersion || nowMs >= renewAtMs);
  }

  async #renew(signal: AbortSignal, refusedVersion: number | undefined): Promise<Versioned<T>> {
    const before = this.#latest;
    try {
      const fetched = await this.#fetch(signal);
      const isNew = before === undefined || before.value !== fetched.value;
      // What was fetched a moment ago may have been rotated since: a refusal says more than its age.
      this.#pause(refusedVersion !== undefined && (!isNew || this.#now() < this.#nextRefusalAtMs));
      if (refusedVersion !== undefined) this.#nextRefusalAtMs = this.#now() + MAX_PAUSE_MS;
      this.#latest = { ...fetched, version: isNew ? (before?.version ?? 0) + 1 : before.version };
      return this.#latest;
    } catch (error) {
      const mayStandIn = before !== undefined && before.version !== refusedVersion;
      if (!mayStandIn || this.#now() >= (before.expiresAtMs ?? Number.POSITIVE_INFINITY) || signal.aborted) throw error;
      this.#pause(true);
      return before;
    }
  }

  #pause(inVain: boolean): void {
    this.#refreshAgainAtMs = this.#now() + (inVain ? Math.min(PAUSE_MS * 2 ** this.#vain, MAX_PAUSE_MS) : 0);
    this.#vain = inVain ? this.#vain + 1 : 0;
  }
}
