import { readFileSync } from 'node:fs';
import { configJsonSchema } from '../../../lib/config/json-schema.ts';
import { entriesOf, isObject } from '../../../lib/config/path.ts';

/** Every key of a schema, with those of its objects: `pool.min`. */
function keysOf(schema: unknown, prefix = ''): string[] {
  return entriesOf(isObject(schema) ? schema['properties'] : {}).flatMap(([key, value]) => {
    const inner = keysOf(value, `${prefix}${key}.`);
    return inner.length > 0 ? inner : [`${prefix}${key}`];
  });
}

describe('docs/configuration.md', () => {
  it('has a row for every key of the schema', () => {
    const text = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
    const properties = configJsonSchema()['properties'];
    const { mcpServers, $schema: _schema, defaults: _defaults, ...rest } = isObject(properties) ? properties : {};
    const server = isObject(mcpServers) ? mcpServers['additionalProperties'] : {};
    const forms = isObject(server) && Array.isArray(server['anyOf']) ? server['anyOf'] : [];
    const keys = [...forms.flatMap((form) => keysOf(form)), ...keysOf({ properties: rest })];
    expect(keys.length).toBeGreaterThan(60);
    const documented = (key: string) => text.includes(`| \`${key}\``) || text.includes(`| \`${key}.`);
    // `deploy.jwt` is one row for its two keys.
    expect(keys.filter((key) => !documented(key) && !key.startsWith('deploy.jwt.'))).toEqual([]);
  });
});
