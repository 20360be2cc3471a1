import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { type Fault, FuseboxError } from './errors.ts';
import { runBounded } from './run-bounded.ts';
import type { JsonObject, ToolDefinition } from './types.ts';

/** A schema is a server's, and servers are not trusted: no more faults than these are listed. */
const MAX_FAULTS = 20;
/** Nor may one hold us up: a pattern that backtracks, a reference to itself, 20,000 properties (measured: 3 s to compile). */
const LIMIT_MS = 1_000;
/** With none of these keywords a check takes time in proportion to the arguments, and needs no limit. */
const MAY_RUN_AWAY = /"(pattern|patternProperties|uniqueItems|\$ref|\$dynamicRef)"/;

type Validate = (args: JsonObject) => readonly ErrorObject[];

const compiled = new WeakMap<object, Validate>();

/**
 * Checks arguments against the tool's own `inputSchema`, JSON Schema 2020-12 (MCP 2026-07-28, Tools). A schema that cannot be
 * compiled, or followed in time, is the server's fault and no reason to refuse: the server itself then judges the arguments.
 *
 * @throws FuseboxError `invalid_arguments` with the JSON pointer of each fault
 */
export async function checkArguments(tool: ToolDefinition, args: JsonObject, server: string): Promise<void> {
  const validate = compiled.get(tool.inputSchema) ?? (await compile(tool.inputSchema));
  const errors = validate(args).slice(0, MAX_FAULTS).map(toFault);
  if (errors.length === 0) return;
  const detail = `the arguments do not fit the input schema of "${tool.name}": ${errors[0]?.pointer || '(the whole)'} ${errors[0]?.detail ?? ''}`;
  throw new FuseboxError('invalid_arguments', detail, { server, tool: tool.name, errors });
}

async function compile(schema: JsonObject): Promise<Validate> {
  // ajv costs 14 ms to load; a health check or a catalogue never needs it.
  const { Ajv2020 } = await import('ajv/dist/2020.js');
  const ajv = new Ajv2020({
    allErrors: true,
    strict: false,
    validateFormats: false,
    ownProperties: true,
    logger: false,
  });
  // `$async` would turn the verdict into a promise, which is never false and may reject unseen.
  const { $schema: _, $async: __, ...rest } = schema;
  const validate =
    unlessUnusable(() =>
      lenient(
        rest,
        runBounded(LIMIT_MS, () => ajv.compile(rest)),
      ),
    ) ?? (() => []);
  compiled.set(schema, validate);
  return validate;
}

function lenient(schema: JsonObject, validate: ValidateFunction): Validate {
  const check = (args: JsonObject) => (validate(args) ? [] : (validate.errors ?? []));
  if (!MAY_RUN_AWAY.test(JSON.stringify(schema))) return check;
  return (args) => unlessUnusable(() => runBounded(LIMIT_MS, () => check(args))) ?? [];
}

function unlessUnusable<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch {
    return undefined;
  }
}

function toFault(error: ErrorObject): Fault {
  const escape = (name: string) => name.replaceAll('~', '~0').replaceAll('/', '~1');
  const named: unknown =
    error.params['missingProperty'] ?? error.params['additionalProperty'] ?? error.params['unevaluatedProperty'];
  const pointer = typeof named === 'string' ? `${error.instancePath}/${escape(named)}` : error.instancePath;
  return { pointer, detail: detailOf(error) };
}

function detailOf(error: ErrorObject): string {
  if (error.keyword === 'required') return 'is required';
  if (error.keyword === 'additionalProperties' || error.keyword === 'unevaluatedProperties')
    return 'is not known to this tool';
  if (error.keyword === 'enum') return `must be one of ${JSON.stringify(error.params['allowedValues']).slice(0, 200)}`;
  return error.message ?? error.keyword;
}
