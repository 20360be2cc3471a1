/** `mcp-fusebox/middleware`: what the handlers of others can use alone. */
export { type ErrorCode, type Fault, FuseboxError, type FuseboxErrorDetails } from '../mcp/errors.ts';
export { type CallDeadlineOptions, callDeadline } from './call-deadline.ts';
export { type CircuitBreakerOptions, circuitBreaker } from './circuit-breaker.ts';
export { httpOutcome, httpVerdict } from './http-outcome.ts';
export { problemDetails } from './problem-details.ts';
export type { AttemptJudged, Call, CallOptions } from './resilient-call.ts';
export { type RetryMiddlewareOptions, retry } from './retry.ts';
export { type ResilientHandler, type WithResilienceOptions, withResilience } from './with-resilience.ts';
