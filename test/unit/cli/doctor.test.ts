/** The offline checks: of a good configuration, of one that is not valid, of none. */

import { checkOffline } from '../../../lib/cli/doctor/offline/offline.ts';
import { formatPath } from '../../../lib/config/path.ts';
import { found, linesOf, NOW } from '../../helpers/doctor-lines.ts';
import { doctorProject, type Patch } from '../../helpers/doctor-project.ts';

it('finds nothing in a good configuration, and looks at more than 50 things', () => {
  const lines = linesOf({});
  expect(found(lines)).toEqual([]);
  expect(lines.filter(({ status }) => status === 'notChecked').map(({ id }) => id)).toEqual(['testing.reach']);
  expect(lines.filter(({ status }) => status === 'pass').length).toBeGreaterThan(50);
  expect(new Set(lines.map(({ id }) => id)).size).toBe(lines.length);
});

const search = (patch: Patch): Patch => ({ mcpServers: { search: patch } });
const own = (...path: string[]): string => formatPath(['mcpServers', 'search', ...path]);
const isolated = (count: number, maxConcurrency: number): Patch =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `tickets-${index}`,
      {
        url: `https://t${index}.example.com/mcp`,
        auth: { type: 'aws-sigv4', service: 'lambda' },
        timeoutMs: 9_000,
        toolPinning: 'off',
        trusted: false,
        isolated: true,
        maxConcurrency,
        retry: { maxRetries: 0 },
        pool: { max: 100 },
      },
    ]),
  );

it('counts what isolated servers take', () => {
  const lines = found(linesOf({ mcpServers: isolated(45, 20), access: [{ principal: 'role:a', allow: ['*:*'] }] }));
  const by = (id: string) => lines.find((line) => line.id === id);
  expect(by('infrastructure.concurrency')).toMatchObject({ status: 'fail', reason: expect.stringContaining('910') });
  expect(by('infrastructure.isolated-servers')).toMatchObject({
    status: 'fail',
    reason: expect.stringMatching(/^46 isolated servers take about 3\d\d\d bytes/),
    fix: expect.stringContaining('two stages'),
  });
});

describe('where the configuration is', () => {
  const look = (env: Record<string, string>, files: Readonly<Record<string, string | undefined>> = {}) => {
    const { folder, remove } = doctorProject({}, { 'fusebox.json': undefined, ...files });
    try {
      const options = { env, cwd: folder, home: folder, nowMs: NOW, nodeVersion: '24.0.0', environment: [] };
      return found(checkOffline(options, []).lines);
    } finally {
      remove();
    }
  };
  const SMALL = JSON.stringify({ mcpServers: { a: { url: 'https://a.example/mcp' } } });

  it('has to be a file of the project', () => {
    expect(look({})).toMatchObject([
      { id: 'configuration.explicit-file', status: 'fail', reason: 'there is no configuration file' },
    ]);
    expect(look({ MCP_CONFIG_JSON: SMALL })).toContainEqual(
      expect.objectContaining({
        id: 'configuration.explicit-file',
        status: 'fail',
        reason: 'it comes from MCP_CONFIG_JSON',
      }),
    );
    expect(look({}, { '.mcp/config.json': SMALL })).toContainEqual(
      expect.objectContaining({
        id: 'configuration.explicit-file',
        status: 'warn',
        fix: expect.stringContaining('--config'),
      }),
    );
  });

  it('may be a file of another program, which is told to be imported', () => {
    const foreign = JSON.stringify({ servers: { a: { type: 'http', url: 'https://a.example/mcp' } } });
    expect(look({ MCP_CONFIG_PATH: 'mcp.json' }, { 'mcp.json': foreign })).toContainEqual(
      expect.objectContaining({
        id: 'configuration.own-form',
        status: 'warn',
        fix: expect.stringContaining('fusebox import'),
      }),
    );
  });
});

it('has no server to look at', () => {
  const lines = linesOf({ mcpServers: { search: { disabled: true }, tickets: { disabled: true } }, access: null });
  expect(found(lines)).toContainEqual(expect.objectContaining({ id: 'configuration.valid', status: 'fail' }));
});

describe('a configuration that is not valid', () => {
  const BAD: Patch = {
    ...search({ timeoutMs: -1, url: 'https://u:p@search.example.com/mcp', headers: { Authorization: 'Bearer abc' } }),
    deploy: { memoryMb: 1 },
    access: 'all',
    colour: 'red',
  };

  it('has a failing line for each fault, where it belongs, and all else is not checked', () => {
    const lines = linesOf(BAD);
    const faults = lines.filter(({ id }) => id.startsWith('fault'));
    expect(
      faults
        .map(({ id, heading, status }) => `${id} ${heading} ${status}`)
        .toSorted((a, b) => a.localeCompare(b, 'en')),
    ).toEqual([
      'fault:access Security fail',
      'fault:colour Configuration fail',
      'fault:deploy.memoryMb Infrastructure fail',
      `fault:${own('headers', 'Authorization')} Security fail`,
      `fault:${own('timeoutMs')} Configuration fail`,
      `fault:${own('url')} Security fail`,
    ]);
    expect(faults.find(({ id }) => id === 'fault:deploy.memoryMb')).toMatchObject({
      reason: 'found 1',
      fix: 'write a whole number from 128 to 10240',
    });
    expect(JSON.stringify(lines)).not.toContain('abc');
    const rest = lines.filter((line) => !faults.includes(line));
    expect(rest.filter(({ status }) => status === 'pass').map(({ id }) => id)).toEqual([
      'configuration.explicit-file',
      'testing.script',
      'testing.lockfile',
      'testing.pipeline',
      'maintenance.node',
    ]);
    expect(rest.filter(({ status }) => status === 'notChecked').length).toBeGreaterThan(40);
    expect(found(rest)).toEqual([]);
  });

  it.each([
    ['fusebox.json', '{ "mcpServers": {', 'JSON'],
    ['fusebox.json', undefined, 'no such file'],
  ])('or %s cannot be read', (name, text, reason) => {
    const lines = found(linesOf({}, { files: { [name]: text } }));
    expect(lines).toMatchObject([{ id: 'fault', heading: 'Configuration', status: 'fail' }]);
    expect(lines[0]?.reason).toContain(reason);
  });

  it('unless a variable that is missing here is given by the construct', () => {
    const patch = search({ url: 'https://${env:SEARCH_HOST}/mcp' });
    expect(found(linesOf(patch))).toMatchObject([{ id: `fault:${own('url')}`, heading: 'Security' }]);
    expect(found(linesOf(patch, { environment: ['SEARCH_HOST'] }))).toEqual([]);
  });
});

it('speaks of the servers that are asked about', () => {
  const patch = { mcpServers: { search: { toolPinning: 'off' }, tickets: { toolPinning: 'off' } } };
  const [line] = found(linesOf(patch, { chosen: ['tickets'] }));
  expect(line).toMatchObject({ id: 'security.pinning', reason: expect.stringMatching(/^tickets: /) });
  expect(line?.reason).not.toContain('search');
  expect(() => linesOf({}, { chosen: ['serch'] })).toThrow('there is no server "serch"');
});
