import { bridgeStdioServers } from '../../../lib/config/local.ts';
import { parseConfig } from '../../../lib/config/runtime.ts';

const raw = {
  mcpServers: {
    remote: { type: 'http', url: 'https://a.example.com/mcp' },
    'my.files': {
      type: 'stdio',
      command: 'npx',
      args: ['-y', 'files', '${FOLDER}'],
      env: { MODE: '${MODE:-read}' },
      timeoutMs: 5_000,
      trusted: true,
    },
    'my-files': { type: 'stdio', command: 'files', cwd: '/srv' },
    off: { type: 'stdio', command: 'off', disabled: true },
  },
  defaults: { timeoutMs: 7_000 },
};

describe('bridgeStdioServers', () => {
  const { document, bridges } = bridgeStdioServers(raw, { FOLDER: '/data' });

  it('says what to start, variables filled in', () => {
    expect(bridges).toEqual([
      {
        name: 'my.files',
        command: 'npx',
        args: ['-y', 'files', '/data'],
        env: { MODE: 'read' },
        cwd: null,
        variable: 'FUSEBOX_LOCAL_MY_FILES_URL',
      },
      { name: 'my-files', command: 'files', args: [], env: {}, cwd: '/srv', variable: 'FUSEBOX_LOCAL_MY_FILES_2_URL' },
    ]);
  });

  it('puts http servers in their place, with their policy', () => {
    expect(document).toEqual({
      mcpServers: {
        remote: raw.mcpServers.remote,
        'my.files': {
          type: 'http',
          url: '${env:FUSEBOX_LOCAL_MY_FILES_URL}',
          timeoutMs: 5_000,
          trusted: true,
        },
        'my-files': { type: 'http', url: '${env:FUSEBOX_LOCAL_MY_FILES_2_URL}' },
        off: raw.mcpServers.off,
      },
      defaults: raw.defaults,
    });
  });

  it('leaves a document that is valid once the variables are set', () => {
    const env = {
      FUSEBOX_LOCAL_MY_FILES_URL: 'http://127.0.0.1:1/mcp',
      FUSEBOX_LOCAL_MY_FILES_2_URL: 'http://127.0.0.1:2/mcp',
    };
    const { mcpServers } = parseConfig(document, env, 'test');
    expect(Object.values(mcpServers).map(({ type }) => type)).toEqual(['http', 'http', 'http']);
  });
});
