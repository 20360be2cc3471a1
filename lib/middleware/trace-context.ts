const TRACEPARENT =
  /^(?<version>(?!ff)[0-9a-f]{2})-(?<traceId>(?!0{32})[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?<rest>-.*)?$/;

/** How Lambda names the trace of an invocation: `Root=1-<8 hex>-<24 hex>;Parent=<16 hex>;Sampled=1;…` */
const X_RAY = /^Root=1-([0-9a-f]{8})-([0-9a-f]{24});Parent=([0-9a-f]{16});Sampled=1\b/;

/** The trace id of a valid `traceparent` header (W3C Trace Context §3.2: only a version after 00 may go on behind the flags). */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  const { version, traceId, rest } = TRACEPARENT.exec(traceparent ?? '')?.groups ?? {};
  return version === '00' && rest !== undefined ? undefined : traceId;
}

/**
 * The trace that a request belongs to: the caller's where it names one, else the one of Lambda's own tracing, where that is on and samples it.
 *
 * @param header `traceparent` of the request
 * @param xRay `_X_AMZN_TRACE_ID` of the invocation
 */
export function traceparentOf(header: string | undefined, xRay: string | undefined): string | undefined {
  if (traceIdOf(header) !== undefined) return header;
  const [, time, unique, parent] = X_RAY.exec(xRay ?? '') ?? [];
  return time === undefined ? undefined : `00-${time}${unique}-${parent}-01`;
}
