import { setTimeout as sleep } from 'node:timers/promises';
import type { CallToolResult, Tool } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { Ledger } from './ledger.ts';

/** What a tool may touch. */
interface ToolContext {
  /** Lives as long as the server: what `set_value`, `add` and `append` leave behind. */
  readonly memory: ToolMemory;
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal;
  /** Told when a tool runs. Arguments that the tool refuses run nothing. */
  readonly ledger: Ledger;
}

export class ToolMemory {
  readonly values = new Map<string, unknown>();
  readonly appended: unknown[] = [];
  sum = 0;
}

export interface FlakyTool {
  readonly definition: Tool;
  run(args: Record<string, unknown>, context: ToolContext): CallToolResult | Promise<CallToolResult>;
}

const text = (value: unknown): CallToolResult => ({ content: [{ type: 'text', text: String(value) }] });

/** A tool whose arguments are described by a zod schema, from which its JSON Schema is made. */
function tool<T extends z.ZodRawShape>(
  definition: Omit<Tool, 'inputSchema'>,
  shape: T,
  run: (args: z.output<z.ZodObject<T>>, context: ToolContext) => CallToolResult | Promise<CallToolResult>,
): FlakyTool {
  const schema = z.object(shape);
  return {
    definition: { ...definition, inputSchema: toInputSchema(schema) },
    run: (args, context) => {
      const parsed = schema.safeParse(args);
      // Since 2025-11-25 a tool answers wrong arguments itself, so that a model can mend them.
      if (!parsed.success) return { ...text(z.prettifyError(parsed.error)), isError: true };
      context.ledger.executed(definition.name, args);
      return run(parsed.data, context);
    },
  };
}

function toInputSchema(schema: z.ZodType): Tool['inputSchema'] {
  // Through JSON: zod's own type knows keywords that the SDK's does not.
  return { ...JSON.parse(JSON.stringify(z.toJSONSchema(schema, { io: 'input' }))), type: 'object' };
}

/** A tool for argument checks: what JSON Schema 2020-12 can say and zod would not write like this. */
const STRICT_SCHEMA: Tool['inputSchema'] = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  additionalProperties: false,
  required: ['level', 'code'],
  properties: {
    level: { enum: ['low', 'high'] },
    code: { type: 'string', pattern: '^[A-Z]{3}-\\d+$' },
    amount: { type: 'number', minimum: 1, exclusiveMaximum: 100 },
    tags: { type: 'array', items: { type: 'string', minLength: 1 }, uniqueItems: true, maxItems: 3 },
    point: { type: 'array', prefixItems: [{ type: 'number' }, { type: 'number' }], items: false, minItems: 2 },
    address: { $ref: '#/$defs/address' },
    children: { type: 'array', items: { $ref: '#' } },
  },
  dependentRequired: { amount: ['address'] },
  $defs: {
    address: {
      type: 'object',
      additionalProperties: false,
      required: ['street'],
      properties: { street: { type: 'string' }, 'zip/code~': { type: 'string', maxLength: 5 } },
    },
  },
};

/** Every kind of annotation, of answer and of failure. */
export const TOOLS: readonly FlakyTool[] = [
  tool(
    {
      name: 'echo',
      title: 'Echo',
      description: 'Gives its text back',
      annotations: { readOnlyHint: true, openWorldHint: false },
      outputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
    },
    { text: z.string() },
    (args) => ({ ...text(args.text), structuredContent: { text: args.text } }),
  ),
  tool(
    { name: 'slow', description: 'Gives its text back after a while', annotations: { readOnlyHint: true } },
    { ms: z.number().int().min(0).max(600_000), text: z.string().default('') },
    async (args, { signal }) => {
      await sleep(args.ms, undefined, { signal });
      return text(args.text);
    },
  ),
  tool({ name: 'add', description: 'Adds to a sum that is kept' }, { amount: z.number() }, ({ amount }, { memory }) => {
    memory.sum += amount;
    return text(memory.sum);
  }),
  tool(
    { name: 'get_value', description: 'Reads a value', annotations: { readOnlyHint: true } },
    { key: z.string() },
    ({ key }, { memory }) => text(JSON.stringify(memory.values.get(key) ?? null)),
  ),
  tool(
    {
      name: 'set_value',
      description: 'Sets a value',
      annotations: { readOnlyHint: false, idempotentHint: true, destructiveHint: false },
    },
    { key: z.string(), value: z.unknown() },
    ({ key, value }, { memory }) => {
      memory.values.set(key, value);
      return text('set');
    },
  ),
  tool(
    {
      name: 'delete_value',
      description: 'Deletes a value',
      annotations: { readOnlyHint: false, destructiveHint: true },
    },
    { key: z.string() },
    ({ key }, { memory }) => text(memory.values.delete(key) ? 'deleted' : 'not there'),
  ),
  tool(
    {
      name: 'append',
      description: 'Appends an item; doing it twice appends two',
      annotations: { readOnlyHint: false, idempotentHint: false, destructiveHint: false },
    },
    { item: z.unknown() },
    ({ item }, { memory }) => text(memory.appended.push(item)),
  ),
  tool({ name: 'fail', description: 'Always answers with isError' }, {}, () => ({ ...text('failed'), isError: true })),
  tool({ name: 'throws', description: 'Always fails in the server (-32603)' }, {}, () => {
    throw new Error('thrown by the tool');
  }),
  tool(
    {
      name: 'big',
      description: 'Answers so many bytes of text; escaped: of characters that JSON writes with two',
      annotations: { readOnlyHint: true },
    },
    { bytes: z.number().int().min(0).max(50_000_000), escaped: z.boolean().default(false) },
    ({ bytes, escaped }) => text((escaped ? '"' : 'x').repeat(bytes)),
  ),
  {
    definition: { name: 'strict', description: 'Has a demanding schema', inputSchema: STRICT_SCHEMA },
    // Takes whatever comes: that arguments were checked before they were sent is for the caller to show.
    run: (args, { ledger }) => {
      ledger.executed('strict', args);
      return text(JSON.stringify(args));
    },
  },
  tool(
    { name: 'odd.Name-with_every.allowed-Character_0', description: 'Has a name of every kind of character' },
    {},
    () => text('odd'),
  ),
];
