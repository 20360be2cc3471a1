import { basename, dirname } from 'node:path';
import { binOf, whyNotRunnable } from '../../../lib/local/servers/commands.ts';

describe('whyNotRunnable', () => {
  const node = process.execPath;

  it.each([
    ['an absolute path', node, '/', ''],
    ['a name on the path', basename(node), '/', `/nowhere:${dirname(node)}`],
    ['a path relative to the working directory', `./${basename(node)}`, dirname(node), ''],
  ])('finds %s', (_, command, cwd, path) => {
    expect(whyNotRunnable(command, cwd, path)).toBeUndefined();
  });

  it.each([
    [
      'a name that is not on the path',
      'no-such-command',
      '/',
      dirname(node),
      'its command "no-such-command" was not found',
    ],
    [
      'a file that is not executable',
      './package.json',
      process.cwd(),
      '',
      'its command "./package.json" was not found',
    ],
    ['a folder that is not there', node, '/no/such/folder', '', 'its working directory /no/such/folder does not exist'],
  ])('tells of %s', (_, command, cwd, path, reason) => {
    expect(whyNotRunnable(command, cwd, path)).toBe(reason);
  });
});

describe('binOf', () => {
  it('finds the script of an installed package', () => {
    expect(binOf('mcp-proxy')).toMatch(/node_modules\/mcp-proxy\/dist\/bin\/mcp-proxy\.mjs$/);
  });

  it('names a package that is not installed', () => {
    expect(() => binOf('@modelcontextprotocol/server-nothing')).toThrow('@modelcontextprotocol/server-nothing');
  });
});
