import { isObject, valueAt } from '../config/path.ts';
import type { JsonObject } from '../mcp/types.ts';
import { type ApiOptions, apiPath, requestApi } from './api-client.ts';
import {
  circuitsOf,
  historyTable,
  type NamedCircuit,
  shortTime,
  statusRow,
  statusRows,
  statusTable,
  textAt,
} from './circuit-table.ts';
import { CommandFailure, type ExitCode } from './failure.ts';
import { printableLine, writeJson, writeLine } from './output.ts';

interface CircuitOptions extends ApiOptions {
  readonly json?: boolean;
  readonly tool?: string;
}

interface OrderOptions extends CircuitOptions {
  /** Seconds. */
  readonly for?: number;
  readonly reason: string;
}

const STATES = { isolate: 'isolated', close: 'closed', auto: 'auto' } as const;

/** `fusebox circuit isolate|close|auto SERVER` */
export async function order(name: keyof typeof STATES, server: string, options: OrderOptions): Promise<ExitCode> {
  const { tool, reason, for: forSeconds } = options;
  const body = { state: STATES[name], forSeconds, tool, reason };
  const answer = await requestApi(options, apiPath('servers', server, 'circuit'), body, 'PUT');
  if (options.json) writeJson(answer);
  else writeLine(printableLine(sentence({ name: nameOf(server, tool), circuit: valueAt(answer, ['circuit']) })));
  return 0;
}

/** `fusebox circuit show SERVER` */
export async function show(server: string, options: CircuitOptions): Promise<ExitCode> {
  const answer = await requestApi(options, apiPath('servers', server));
  const found = isObject(answer) ? answer : {};
  if (options.tool !== undefined) showOne(chooseTool(found, server, options.tool), options);
  else if (isObject(found['toolCircuits'])) showEach(found, options);
  else showOne({ name: server, circuit: found['circuit'] }, options);
  return 0;
}

function showOne(shown: NamedCircuit, { json }: CircuitOptions): void {
  if (json) return writeJson(shown);
  const tables = [statusTable([statusRow(shown)]), historyTable(shown.circuit)];
  writeLine(tables.filter((table) => table !== '').join('\n\n'));
}

function showEach(server: JsonObject, { json }: CircuitOptions): void {
  if (json) writeJson({ name: server['name'], toolCircuits: server['toolCircuits'] });
  else writeLine(statusTable(statusRows(server)));
}

function chooseTool(answer: JsonObject, server: string, tool: string): NamedCircuit {
  if (!isObject(answer['toolCircuits'])) {
    throw new CommandFailure(`${server} has one circuit for all its tools`, { next: 'leave --tool out' });
  }
  const all = circuitsOf(answer);
  const wanted = all.find(({ name }) => name === nameOf(server, tool));
  if (wanted !== undefined) return wanted;
  throw new CommandFailure(`the API does not show the circuit of the tool "${tool}"`, {
    next: `name it in tools.allow or tools.overrides of the configuration; shown are ${all.map(({ name }) => name).join(', ') || 'none'}`,
  });
}

const nameOf = (server: string, tool: string | undefined): string =>
  tool === undefined ? server : `${server}:${tool}`;

function sentence({ name, circuit }: NamedCircuit): string {
  const until = shortTime(textAt(circuit, 'override', 'until'));
  return `${name} is ${textAt(circuit, 'state')}${until === '' ? ', without an override' : ` until ${until}`}`;
}
