import * as fc from 'fast-check';
import { importDocument, SHAPES } from '../../../lib/config/import/index.ts';
import { parseText } from '../../../lib/config/import/parse.ts';
import { isObject } from '../../../lib/config/path.ts';
import { validate } from '../../../lib/config/validate.ts';

const text = fc.oneof(
  fc.constantFrom(
    'https://a.example.com/mcp',
    'https://a.example.com/sse',
    'npx',
    'sse',
    'http',
    'stdio',
    '${X}',
    '$TOKEN',
    '{{x}}',
    '${input:a b}',
    '<KEY>',
    '{env:X}',
    '',
  ),
  fc.string(),
);
const value = fc.oneof(
  { depthSize: 'small' },
  text,
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.array(text),
  fc.dictionary(text, text),
  fc.jsonValue(),
);
const key = fc.oneof(
  fc.constantFrom(
    'url',
    'httpUrl',
    'serverUrl',
    'type',
    'transport',
    'command',
    'args',
    'env',
    'headers',
    'timeout',
    'disabled',
    'enabled',
    'tools',
    'disabledTools',
    'cwd',
    'trust',
    'bearer_token_env_var',
    'env_http_headers',
    'retry_attempts',
    'health_check_interval',
    'name',
    'oauth',
    'remotes',
  ),
  fc.string(),
);
const server = fc.oneof({ weight: 9, arbitrary: fc.dictionary(key, value) }, { weight: 1, arbitrary: value });
const servers = fc.oneof(fc.dictionary(fc.string(), server), fc.array(server));
const section = fc.constantFrom('mcpServers', 'servers', 'mcp_servers', 'context_servers', 'mcp', 'amp.mcpServers');
const document = fc.oneof(
  fc
    .tuple(
      section,
      servers,
      fc.dictionary(
        fc.constantFrom(
          'inputs',
          'endpoints',
          'global_timeout',
          'name',
          'metrics_enabled',
          'max_concurrent_connections',
        ),
        value,
      ),
    )
    .map(([name, map, rest]) => ({ ...rest, [name]: map })),
  fc.dictionary(fc.string(), server),
);

describe('importing anything', () => {
  it('gives a document that the schema accepts, and a line for every server', () => {
    fc.assert(
      fc.property(document, fc.boolean(), fc.boolean(), (input, unwrap, keepStdio) => {
        const result = importDocument(input, { fileName: 'a.json', unwrap, keepStdio });
        fc.pre(result.shape !== 'mcp-fusebox');
        expect(validate(result.document).faults).toEqual([]);
        const found =
          SHAPES.map((shape) => (isObject(input) ? shape.entries(input, 'a.json') : undefined)).find(
            (entries) => entries !== undefined,
          ) ?? [];
        const reported = new Set(result.report.flatMap((line) => line.server ?? []));
        expect(found.filter(({ name }) => !reported.has(name))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('never throws, whatever the text', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.json(),
      fc.string({
        unit: fc.constantFrom('{', '}', '[', ']', ':', ',', '"', '&a ', '*a', '- ', '\n', ' ', '=', '#', '<<'),
      }),
    );
    fc.assert(
      fc.property(texts, fc.constantFrom('a', 'a.json', 'a.yaml', 'a.toml'), (input, fileName) => {
        expect(parseText(input, fileName)).toBeDefined();
      }),
      { numRuns: 500 },
    );
  });
});
