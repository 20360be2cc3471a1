/** Circuits as the API shows them, in tables. */
import { isObject, valueAt } from '../config/path.ts';
import type { JsonObject } from '../mcp/types.ts';
import { formatTable } from './output.ts';

/** A circuit of an answer, and what it is called: `server`, or `server:tool` where each tool has its own. */
export interface NamedCircuit {
  readonly name: string;
  readonly circuit: unknown;
}

/** The circuits of a server as `GET /v1/servers` has it. */
export function circuitsOf(server: JsonObject): readonly NamedCircuit[] {
  const name = String(server['name']);
  const { circuit, toolCircuits } = server;
  if (!isObject(toolCircuits)) return [{ name, circuit }];
  return Object.entries(toolCircuits).map(([tool, each]) => ({ name: `${name}:${tool}`, circuit: each }));
}

const STATUS_HEADER = ['SERVER', 'STATE', 'SINCE', 'UNTIL', 'WHY'];

/** A row each; one that says so where each tool has a circuit and none is shown. */
export function statusRows(server: JsonObject): readonly (readonly string[])[] {
  const circuits = circuitsOf(server);
  const health = healthWords(server);
  if (circuits.length > 0) return circuits.map((circuit) => withHealth(statusRow(circuit), health));
  return [[String(server['name']), 'per tool', '', '', 'the configuration names no tool']];
}

/** What the health check has to say, of a server that is not well or soon will not be. */
function healthWords({ health }: JsonObject): string {
  const [error] = listAt(health, 'lastErrors');
  if (textAt(health, 'status') === 'unhealthy') return `unhealthy: ${textAt(error, 'detail') || 'the check failed'}`;
  const warnings = listAt(health, 'warnings').map(String);
  return warnings.length === 0 ? '' : `warning: ${warnings.join('; ')}`;
}

const withHealth = (row: readonly string[], health: string): readonly string[] => [
  ...row.slice(0, -1),
  [row.at(-1), health].filter((part) => part !== '').join('; '),
];

function listAt(value: unknown, key: string): readonly unknown[] {
  const list = valueAt(value, [key]);
  return Array.isArray(list) ? list : [];
}

export function statusRow({ name, circuit }: NamedCircuit): readonly string[] {
  const until = textAt(circuit, 'override', 'until') || textAt(circuit, 'openUntil');
  const why = [textAt(circuit, 'override', 'by'), textAt(circuit, 'override', 'reason')].filter((part) => part !== '');
  return [
    name,
    textAt(circuit, 'state') || 'unknown',
    shortTime(textAt(circuit, 'since')),
    shortTime(until),
    why.join(': '),
  ];
}

export const statusTable = (rows: readonly (readonly string[])[]): string => formatTable(STATUS_HEADER, rows);

/** Newest first. Empty where nothing has happened yet. */
export function historyTable(circuit: unknown): string {
  const history = valueAt(circuit, ['history']);
  if (!Array.isArray(history) || history.length === 0) return '';
  const rows = history.map((change: unknown) => [
    shortTime(textAt(change, 'at')),
    textAt(change, 'change'),
    shortTime(textAt(change, 'until')),
    textAt(change, 'by'),
    textAt(change, 'reason'),
  ]);
  return formatTable(['AT', 'CHANGE', 'UNTIL', 'BY', 'REASON'], rows);
}

/** The text there, or an empty one. */
export function textAt(value: unknown, ...path: readonly string[]): string {
  const text = valueAt(value, path);
  return typeof text === 'string' ? text : '';
}

/** Without the fraction of the second. */
export const shortTime = (iso: string): string => iso.replace(/\.\d+Z$/, 'Z');
