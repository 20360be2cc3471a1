import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import { configJsonSchema, formatSchema } from '../../../lib/config/json-schema.ts';

describe('fusebox.schema.json', () => {
  it('is current (else: node lib/config/json-schema.ts)', () => {
    const written = readFileSync(new URL('../../../fusebox.schema.json', import.meta.url), 'utf8');
    expect(written).toBe(formatSchema(configJsonSchema()));
  });

  const validate = new Ajv2020.default({ strict: false }).compile(configJsonSchema());
  const url = 'https://a.example.com/mcp';

  it.each([
    { mcpServers: { a: { url } } },
    {
      $schema: './fusebox.schema.json',
      mcpServers: { a: { url, type: 'streamable-http' }, b: { command: 'npx', args: [] } },
    },
    { mcpServers: {}, defaults: { retry: { maxRetries: 0 } }, deploy: { retentionDays: 30 } },
  ])('accepts %j', (document) => {
    expect(validate(document)).toBe(true);
  });

  it.each([
    {},
    { mcpServers: { a: {} } },
    { mcpServers: { a: { url, timeoutMs: -1 } } },
    { mcpServers: { a: { url, extra: 1 } } },
    { mcpServers: { '../a': { url } } },
    { mcpServers: {}, deploy: { retentionDays: 2 } },
  ])('refuses %j', (document) => {
    expect(validate(document)).toBe(false);
  });
});
