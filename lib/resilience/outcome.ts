/** What the circuit makes of how a call ended. DESIGN §3.1. */
export type Outcome =
  | { readonly kind: 'success' }
  /**
   * @property timedOut no answer came within the attempt's own limit
   * @property unreached nothing was sent: no name, no connection, no TLS
   */
  | { readonly kind: 'failure'; readonly timedOut?: boolean; readonly unreached?: boolean }
  /** The server asks for fewer calls (429): no failure, but this environment pauses. */
  | { readonly kind: 'throttled'; readonly retryAfterMs?: number }
  /** Says nothing of the server: the caller's own fault, or its own abort. */
  | { readonly kind: 'ignored' };

export type OutcomeKind = Outcome['kind'];

/** How a promise ended. */
export type Settled<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

export async function settle<T>(run: () => Promise<T>): Promise<Settled<T>> {
  try {
    return { ok: true, value: await run() };
  } catch (error) {
    return { ok: false, error };
  }
}

/** @throws what it was settled with */
export function valueOf<T>(settled: Settled<T>): T {
  if (settled.ok) return settled.value;
  throw settled.error;
}
