/** What the policies tell of themselves, for logs and metrics. */
export type ResilienceEvent =
  | { readonly type: 'retry'; readonly attempt: number; readonly delayMs: number }
  | { readonly type: 'retry-budget-exhausted' }
  | { readonly type: 'rejected'; readonly by: 'circuit' | 'bulkhead' | 'pause' }
  | { readonly type: 'circuit'; readonly change: CircuitChange }
  | { readonly type: 'probe'; readonly succeeded: boolean }
  | { readonly type: 'store-error'; readonly operation: string; readonly error: unknown };

/** What this environment itself did to the shared circuit. */
export type CircuitChange =
  | 'opened'
  | 'reopened'
  | 'half-opened'
  | 'closed'
  | 'throttled'
  | 'unthrottled'
  | 'overridden';

/** Told of everything as it happens; must not throw. */
export type Telemetry = (event: ResilienceEvent) => void;
