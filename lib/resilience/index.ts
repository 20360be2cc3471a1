/** `mcp-fusebox/resilience`: the policies alone. They import nothing, and know of time only what they are given. */
export { Bulkhead, type BulkheadDependencies, type QueuedCall } from './bulkhead.ts';
export { type CircuitOptions, DEFAULT_CIRCUIT_OPTIONS } from './circuit-breaker/circuit.ts';
export { CircuitBreaker, type CircuitBreakerDependencies } from './circuit-breaker/circuit-breaker.ts';
export type { CircuitReport, CircuitStore, CircuitStoreOptions } from './circuit-breaker/circuit-store.ts';
export type { GuardedCall } from './circuit-breaker/guarded-call.ts';
export type { Clock, Random, Time, Timer } from './clock.ts';
export { type Limits, withinLimit } from './deadline.ts';
export {
  AttemptTimeoutError,
  BulkheadFullError,
  CircuitOpenError,
  DeadlineExceededError,
  PausedError,
  RejectedError,
} from './errors.ts';
export {
  BULKHEAD_RANGES,
  type BulkheadOptions,
  CIRCUIT_RANGES,
  checkOptions,
  DEFAULT_BULKHEAD_OPTIONS,
  DEFAULT_RETRY_OPTIONS,
  RETRY_RANGES,
  type RetryOptions,
} from './options.ts';
export type { Outcome, Settled } from './outcome.ts';
export { type AttemptInfo, Pipeline, type Policies, type ResilientCall } from './pipeline.ts';
export { type RetriedCall, Retry, type RetryDependencies, type Verdict } from './retry/retry.ts';
export { parseRetryAfterMs } from './retry/retry-after.ts';
export type { CircuitChange, ResilienceEvent, Telemetry } from './telemetry.ts';
