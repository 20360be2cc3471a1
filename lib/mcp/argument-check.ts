import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { type Fault, FuseboxError } from './errors.ts';
import type { JsonObject, ToolDefinition } from './types.ts';

/** A schema is a server's, and servers are not trusted: no more faults than these are listed. */
const MAX_FAULTS = 20;

const compiled = new WeakMap<object, ValidateFunction | 'unusable'>();

/**
 * Checks arguments against the tool's own `inputSchema`, JSON Schema 2020-12 (MCP 2026-07-28, Tools). A schema that cannot be
 * compiled is the server's fault and no reason to refuse: the server itself then judges the arguments.
 *
 * @throws FuseboxError `invalid_arguments` with the JSON pointer of each fault
 */
export async function checkArguments(tool: ToolDefinition, args: JsonObject, server: string): Promise<void> {
  const validate = compiled.get(tool.inputSchema) ?? (await compile(tool.inputSchema));
  if (validate === 'unusable' || validate(args)) return;
  const errors = (validate.errors ?? []).slice(0, MAX_FAULTS).map(toFault);
  const detail = `the arguments do not fit the input schema of "${tool.name}": ${errors[0]?.pointer || '(the whole)'} ${errors[0]?.detail ?? ''}`;
  throw new FuseboxError('invalid_arguments', detail, { server, tool: tool.name, errors });
}

async function compile(schema: JsonObject): Promise<ValidateFunction | 'unusable'> {
  // ajv costs 14 ms to load; a health check or a catalogue never needs it.
  const { Ajv2020 } = await import('ajv/dist/2020.js');
  const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false, logger: false });
  let validate: ValidateFunction | 'unusable';
  try {
    const { $schema: _, ...rest } = schema;
    validate = ajv.compile(rest);
  } catch {
    validate = 'unusable';
  }
  compiled.set(schema, validate);
  return validate;
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
