/** Pure: what a healthy server has that will be trouble. Sentences for people, which hold no word of the server's but names. */
import { EXPIRY_WARNING_DAYS } from '../contract/health.ts';
import { printable } from '../security/printable.ts';

const DAY_MS = 86_400_000;
const MAX_NAMES = 5;
const MAX_NAME_LENGTH = 64;

/** Names of tools and what tells one definition from another. */
export type ToolDigests = Readonly<Record<string, string>>;

/** @param what such as `the TLS certificate` */
export function expiryWarning(what: string, endsAtMs: number | undefined, nowMs: number): string[] {
  if (endsAtMs === undefined || endsAtMs - nowMs > EXPIRY_WARNING_DAYS * DAY_MS) return [];
  const day = new Date(endsAtMs).toISOString().slice(0, 10);
  const days = Math.floor((endsAtMs - nowMs) / DAY_MS);
  return [endsAtMs <= nowMs ? `${what} has ended (${day})` : `${what} ends in ${days} days (${day})`];
}

/** @param before of the check before; undefined: there was none */
export function toolWarnings(before: ToolDigests | undefined, now: ToolDigests): string[] {
  if (before === undefined) return [];
  const gone = Object.keys(before).filter((name) => !Object.hasOwn(now, name));
  const added = Object.keys(now).filter((name) => !Object.hasOwn(before, name));
  const changed = Object.keys(now).filter((name) => Object.hasOwn(before, name) && before[name] !== now[name]);
  return [...listed('tools changed', changed), ...listed('tools added', added), ...listed('tools removed', gone)];
}

/** @param names of tools that are not as somebody approved them */
export const pinningWarnings = (names: readonly string[]): string[] => listed('tools not as approved', names);

function listed(what: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const shown = names.slice(0, MAX_NAMES).map((name) => printable(name, MAX_NAME_LENGTH));
  const rest = names.length - shown.length;
  return [`${what}: ${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`];
}
