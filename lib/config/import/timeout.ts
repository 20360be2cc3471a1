import { isObject } from '../path.ts';
import type { ForeignShape } from './shape.ts';

type Fields = Readonly<Record<string, unknown>>;

const MILLISECONDS_KEYS = ['timeoutMs', 'timeout_ms', 'requestTimeout'];
const SECONDS_KEYS = ['tool_timeout_sec', 'timeout_seconds', 'timeoutSeconds', 'read_timeout_seconds'];
/** How long a server may take to start or to connect: no setting of ours. */
const STARTUP_KEYS = [
  'startup_timeout_sec',
  'startup_timeout_ms',
  'initTimeout',
  'connectionTimeout',
  'connect_timeout',
  'http_timeout_seconds',
  'http_read_timeout_seconds',
];
export const TIMEOUT_KEYS = ['timeout', ...MILLISECONDS_KEYS, ...SECONDS_KEYS, ...STARTUP_KEYS];

const LONGEST_MS = 900_000;

/** A server's timeout in milliseconds, whatever unit its shape has, with a line on how it was read. */
export function readTimeout(
  fields: Fields,
  unit: ForeignShape['timeoutUnit'],
): { server: { timeoutMs?: number }; notes: string[] } {
  const notes = STARTUP_KEYS.filter((key) => fields[key] !== undefined).map(
    (key) => `${key} is not taken over: it is about starting or connecting, not about a call`,
  );
  const found = find(fields, unit);
  if (found === undefined) return { server: {}, notes };
  const exact = Math.round(found.value * (found.seconds ? 1_000 : 1));
  const timeoutMs = Math.min(Math.max(exact, 1), LONGEST_MS);
  const clipped = timeoutMs === exact ? '' : `, the ${exact > timeoutMs ? 'longest' : 'shortest'} there is`;
  return {
    server: { timeoutMs },
    notes: [
      ...notes,
      `${found.key} ${found.value} is read as ${found.seconds ? 'seconds' : 'milliseconds'}: timeoutMs ${timeoutMs}${clipped}`,
    ],
  };
}

function find(
  fields: Fields,
  unit: ForeignShape['timeoutUnit'],
): { key: string; value: number; seconds: boolean } | undefined {
  // opencode 2: { "startup", "request" } in milliseconds; MCPHub: options.timeout in milliseconds.
  const nested = isObject(fields['timeout'])
    ? fields['timeout']['request']
    : isObject(fields['options'])
      ? fields['options']['timeout']
      : undefined;
  const candidates = [
    { key: 'timeout', value: fields['timeout'], seconds: inSeconds(fields['timeout'], unit) },
    { key: 'timeout', value: nested, seconds: false },
    ...MILLISECONDS_KEYS.map((key) => ({ key, value: fields[key], seconds: false })),
    ...SECONDS_KEYS.map((key) => ({ key, value: fields[key], seconds: true })),
  ];
  return candidates.find(
    (candidate): candidate is { key: string; value: number; seconds: boolean } =>
      typeof candidate.value === 'number' && Number.isFinite(candidate.value) && candidate.value > 0,
  );
}

/** An hour is the most that the programs with seconds allow: a larger number there was meant as milliseconds. */
function inSeconds(value: unknown, unit: ForeignShape['timeoutUnit']): boolean {
  if (typeof value !== 'number' || unit === 'milliseconds') return false;
  return unit === 'seconds' ? value <= 3_600 : value < 1_000;
}
