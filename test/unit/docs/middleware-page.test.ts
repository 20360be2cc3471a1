import { readFileSync } from 'node:fs';
import { DEFAULT_CIRCUIT_OPTIONS } from '../../../lib/resilience/circuit-breaker/circuit.ts';
import {
  type Choice,
  CIRCUIT_RANGES,
  DEFAULT_RETRY_OPTIONS,
  type NumberRange,
  RETRY_RANGES,
} from '../../../lib/resilience/options.ts';

const page = readFileSync(new URL('../../../docs/middleware.md', import.meta.url), 'utf8');

/** Of each option in the table under a heading: what is allowed, and the default. */
function documented(heading: string): Record<string, [string, string]> {
  const [, section = ''] = page.split(`\n### \`${heading}\`\n`);
  const [table = ''] = section.split('\n#');
  const rows = [...table.matchAll(/^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|/gm)];
  return Object.fromEntries(rows.map(([, name, allowed, byDefault]) => [name, [allowed, byDefault]]));
}

const code = (value: unknown) => (typeof value === 'number' ? String(value) : `\`${String(value)}\``);

function expected(ranges: object, defaults: object): Record<string, [string, string]> {
  const allowed = (range: NumberRange | Choice) => {
    if ('oneOf' in range) return range.oneOf.map(code).join(', ');
    return `${range.min}–${range.max}${range.nullable ? ', `null`' : ''}`;
  };
  const byDefault = new Map<string, unknown>(Object.entries(defaults));
  return Object.fromEntries(
    Object.entries(ranges).map(([name, range]) => [name, [allowed(range), code(byDefault.get(name))]]),
  );
}

it.each([
  ['circuitBreaker', CIRCUIT_RANGES, DEFAULT_CIRCUIT_OPTIONS],
  [
    'retry',
    { ...RETRY_RANGES, timeoutMs: CIRCUIT_RANGES.timeoutMs },
    { ...DEFAULT_RETRY_OPTIONS, timeoutMs: DEFAULT_CIRCUIT_OPTIONS.timeoutMs },
  ],
])('has each option of %s with its range and default', (heading, ranges, defaults) => {
  expect(documented(heading)).toEqual(expected(ranges, defaults));
});
