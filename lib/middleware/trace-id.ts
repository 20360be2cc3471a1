const TRACEPARENT =
  /^(?<version>(?!ff)[0-9a-f]{2})-(?<traceId>(?!0{32})[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?<rest>-.*)?$/;

/** The trace id of a valid `traceparent` header (W3C Trace Context §3.2: only a version after 00 may go on behind the flags). */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  const { version, traceId, rest } = TRACEPARENT.exec(traceparent ?? '')?.groups ?? {};
  return version === '00' && rest !== undefined ? undefined : traceId;
}
