/** `mcp-fusebox/middleware`: what the handlers of others can use alone. */
export { type ErrorCode, type Fault, FuseboxError, type FuseboxErrorDetails } from '../mcp/errors.ts';
export { type CallDeadlineOptions, callDeadline } from './call-deadline.ts';
export { problemDetails } from './problem-details.ts';
