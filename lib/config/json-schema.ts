/** `fusebox.schema.json`, for editors, from the one schema. `node lib/config/json-schema.ts` writes it. */
import { writeFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { DEFAULT_AUDIT, DEFAULT_DEPLOY, DEFAULT_LIMITS, DEFAULT_POLICY } from './defaults.ts';
import { SPELLINGS } from './normalise.ts';
import { entriesOf, isObject } from './path.ts';
import { configFileSchema } from './schema.ts';

type JsonSchema = Record<string, unknown>;

export function configJsonSchema(): JsonSchema {
  const schema: JsonSchema = z.toJSONSchema(configFileSchema, { io: 'input' });
  const properties = childOf(schema, 'properties');
  allowUntyped(childOf(childOf(properties, 'mcpServers'), 'additionalProperties'));
  addDefaults(childOf(properties, 'limits'), DEFAULT_LIMITS);
  addDefaults(childOf(properties, 'audit'), DEFAULT_AUDIT);
  addDefaults(childOf(properties, 'deploy'), DEFAULT_DEPLOY);
  return { ...schema, title: 'mcp-fusebox configuration' };
}

const childOf = (schema: JsonSchema, key: string): JsonSchema => (isObject(schema[key]) ? schema[key] : {});

/**
 * People leave a server's `type` out or spell it in other ways; `normalise` deals with that before the zod schema sees
 * it. For editors `http` and `sse`, alike but for the type, become one form.
 */
function allowUntyped(server: JsonSchema): void {
  const [http, , stdio] = Array.isArray(server['oneOf']) ? server['oneOf'].filter(isObject) : [];
  if (http === undefined || stdio === undefined) throw new Error('the schema of a server has changed its form');
  childOf(http, 'properties')['type'] = { type: 'string', enum: ['http', 'sse', ...Object.keys(SPELLINGS)] };
  http['required'] = ['url'];
  stdio['required'] = ['command'];
  for (const form of [http, stdio]) addDefaults(form, { ...DEFAULT_POLICY, trusted: false, disabled: false });
  delete server['oneOf'];
  server['anyOf'] = [http, stdio];
}

/** Notes each default where the editor shows it. */
function addDefaults(schema: JsonSchema, defaults: object): void {
  const properties = childOf(schema, 'properties');
  for (const [key, value] of entriesOf(defaults)) {
    const property = childOf(properties, key);
    if (isObject(value) && isObject(property['properties'])) addDefaults(property, value);
    else if (isObject(properties[key])) property['default'] = value;
  }
}

export const formatSchema = (schema: JsonSchema): string => `${JSON.stringify(schema, null, 2)}\n`;

if (import.meta.main)
  writeFileSync(new URL('../../fusebox.schema.json', import.meta.url), formatSchema(configJsonSchema()));
