import { blockOf } from '../../../lib/config/addresses.ts';
import { checkDeployment, deploymentConfig } from '../../../lib/config/deployment.ts';

const URL_OF = 'https://search.example.com/mcp';
const search = (fields: object) => ({ mcpServers: { search: { url: URL_OF, ...fields } } });

const linesOf = (document: unknown, environment: string[] = []) =>
  checkDeployment(document, { environment }).map(({ path, message }) => `${path}: ${message}`);

describe('a secret in a header', () => {
  it('of the usual form is refused with the exact fix', () => {
    expect(linesOf(search({ headers: { Authorization: 'Bearer ${TOKEN}' } }))).toEqual([
      'mcpServers.search.headers.Authorization: a value from a variable would land in the deployment. Remove the header and add ' +
        '"auth": { "type": "bearer", "secret": "search-token" } to mcpServers.search, ' +
        'then store the token (without "Bearer ") in Secrets Manager under the name search-token',
    ]);
  });

  it('of another name is refused with its own fix', () => {
    expect(linesOf(search({ headers: { 'X-Api-Key': 'canary' } }))).toEqual([
      'mcpServers.search.headers.X-Api-Key: a literal secret would land in the deployment. Remove the header and add ' +
        '"auth": { "type": "header", "name": "X-Api-Key", "secret": "search-key" } to mcpServers.search, ' +
        "then store the header's value in Secrets Manager under the name search-key",
    ]);
  });

  it('is cured by that fix', () => {
    expect(linesOf(search({ auth: { type: 'bearer', secret: 'search-token' } }))).toEqual([]);
    expect(linesOf(search({ auth: { type: 'header', name: 'X-Api-Key', secret: 'search-key' } }))).toEqual([]);
  });

  const refused: [string, string][] = [
    ['authorization', 'Bearer canary'],
    ['Authorization', 'Basic canary'],
    ['Authorization', '${TOKEN}'],
    ['Authorization', 'Bearer ${TOKEN:-canary}'],
    ['Cookie', 'session=canary'],
    ['X-Access-Token', 'canary'],
    ['X-Client-Secret', 'canary'],
    ['apikey', 'canary'],
    ['X-Auth', 'canary'],
    ['X-Forwarded-Authorization', 'canary'],
    ['X-Upstream', 'Bearer canary'],
    ['X-Upstream', 'ghp_canary0123456789012345678901234567'],
    ['X-Org', '${env:ORG}'],
    ['X-Org', 'acme-${ORG}'],
  ];

  it.each(refused)('%s: %s is refused, even where the functions have the variable', (header, value) => {
    const lines = linesOf(search({ headers: { [header]: value } }), ['ORG', 'TOKEN']);
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('canary');
  });

  it('is not seen in an ordinary header', () => {
    expect(linesOf(search({ headers: { 'X-Org': 'acme', 'User-Agent': 'us', 'X-Author': 'us' } }))).toEqual([]);
  });
});

describe('a secret in a URL', () => {
  const refused: [string, string[]][] = [
    ['https://user:canary@a.example.com/mcp', []],
    ['https://canary@a.example.com/mcp', []],
    ['https://a.example.com/mcp?token=canary', []],
    ['https://a.example.com/mcp?x=1&api_key=canary', []],
    ['https://a.example.com/mcp?code=canary', []],
    ['https://a.example.com/mcp?api%5Fkey=canary', []],
    ['https://a.example.com/mcp#access_token=canary', []],
    ['${URL:-https://user:canary@a.example.com/mcp}', []],
    ['https://a.example.com/ghp_canary0123456789012345678901234567/mcp', []],
    ['https://a.example.com/mcp?k=eyJhbGciOiJub25lIn0.eyJjYW5hcnkiOjF9.canary', []],
    ['https://a.example.com/mcp?key=${env:OK}', ['OK']],
    ['https://a.example.com/${env:API_KEY}/sse', ['API_KEY']],
    ['https://a.example.com/${GITHUB_PAT}', ['GITHUB_PAT']],
  ];

  it.each(refused)('%s is refused', (url, environment) => {
    const lines = linesOf(search({ url }), environment);
    expect(lines).toEqual([expect.stringContaining('mcpServers.search.url: a secret would land in the deployment')]);
    expect(lines.join('')).not.toContain('canary');
  });

  it.each([
    'https://a.example.com/mcp?tools=a,b&project_ref=x',
    'https://a.example.com/mcp?keywords=x',
    'https://a.example.com/@scope/mcp',
    'https://a.example.com/npm:@scope/mcp#tools',
  ])('%s has none', (url) => {
    expect(linesOf(search({ url }))).toEqual([]);
  });
});

it.each(['https:user:canary@a.example.com/mcp', 'https:\\\\user:canary@a.example.com', 'user:canary@a.example.com'])(
  'does not show the secret of a URL that is none: %s',
  (url) => {
    expect(linesOf(search({ url })).join('')).not.toContain('canary');
  },
);

it('refuses a token where the name of its secret belongs', () => {
  const lines = linesOf(search({ auth: { type: 'bearer', secret: 'ghp_canary0123456789012345678901234567' } }));
  expect(lines).toEqual([expect.stringMatching(/^mcpServers\.search\.auth\.secret: a literal secret would land/)]);
  expect(lines.join('')).not.toContain('canary');
});

describe('variables', () => {
  it('must be among those that the construct gives the functions', () => {
    const document = search({ url: 'https://${env:HOST}/mcp' });
    expect(linesOf(document, ['HOST'])).toEqual([]);
    expect(linesOf(document)).toEqual([
      "mcpServers.search.url: ${env:HOST} is not filled in from the deploying machine. Write the value itself, or pass HOST via the construct's `environment`",
    ]);
  });

  it('may be left to their defaults', () => {
    expect(linesOf(search({ url: 'https://${HOST:-a.example.com}/mcp' }))).toEqual([]);
  });

  it('are refused outside of servers, where values are needed at once', () => {
    expect(linesOf({ ...search({}), deploy: { tags: { team: '${env:TEAM}' } } }, ['TEAM'])).toEqual([
      'deploy.tags.team: a placeholder cannot stand here in a deployment: write the value itself',
    ]);
  });

  it('hold no CDK token', () => {
    expect(linesOf(search({ url: 'https://${Token[TOKEN.12]}/mcp' }))).toEqual([
      "mcpServers.search.url: a CDK token has no value yet when the configuration is packed. Write ${env:NAME} here and pass { NAME: <the token> } via the construct's `environment`",
    ]);
  });
});

describe('servers out of reach', () => {
  it('over http are refused', () => {
    expect(linesOf(search({ url: 'http://a.example.com/mcp' }))).toEqual([
      'mcpServers.search.url: it is http, without TLS: use https://, or add "allowInsecureHttp": true to it',
    ]);
  });

  it('on this machine are refused', () => {
    expect(linesOf(search({ url: 'http://localhost:8000/mcp' }))).toEqual([
      expect.stringContaining('an address of this machine'),
    ]);
  });

  it('that are commands are refused with what to do', () => {
    expect(linesOf({ mcpServers: { files: { command: 'npx', args: ['${FOLDER}'] } } })).toEqual([
      'mcpServers.files: a stdio server cannot run in Lambda. Host it behind HTTP (for example with mcp-proxy in a container) and give its https URL; locally `npm start` bridges it as it stands',
    ]);
  });

  const RULES = { loopback: false, privateNetwork: true, http: true };
  const local = [
    'https://localhost/mcp',
    'https://LOCALHOST./',
    'https://api.localhost/',
    'http://127.0.0.1:80/',
    'https://127.1/',
    'https://127.9.9.9/',
    'https://0.0.0.0/',
    'https://0/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://[::1]/',
    'https://[::]/',
    'https://[0:0:0:0:0:0:0:1]:3000/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[::ffff:0.0.0.0]/',
    'https://[::127.0.0.1]/',
    'https://[64:ff9b::127.0.0.1]/',
    'https://localhost/${env:PATH_PART}',
    'https://①②⑦.0.0.1/',
  ];
  const elsewhere = [
    'https://a.example.com/',
    'https://10.0.0.1/',
    'https://128.0.0.1/',
    'https://[2001:db8::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://localhost.example.com/',
    'https://${env:HOST}/',
    'not a url',
  ];

  it.each(local)('%s is this machine', (url) => {
    expect(blockOf(url, RULES)).toBe('loopback');
  });

  it.each(elsewhere)('%s is not', (url) => {
    expect(blockOf(url, RULES)).toBeUndefined();
  });
});

describe('deploymentConfig', () => {
  it('is the whole configuration, and what to pack: no disabled server, no variable filled in', () => {
    const raw = {
      mcpServers: {
        a: { url: 'https://${env:HOST}/mcp' },
        b: { url: 'http://localhost', headers: { Authorization: 'canary' }, disabled: true },
      },
    };
    const { config, document } = deploymentConfig(raw, 'fusebox.json', { environment: ['HOST'] });
    expect(document).toEqual({ mcpServers: { a: { type: 'http', url: 'https://${env:HOST}/mcp' } } });
    expect(config.mcpServers['a']).toMatchObject({ url: 'https://${env:HOST}/mcp', timeoutMs: 10_000 });
    expect(config.deploy.stage).toBe('dev');
  });

  it('refuses with every fault at once: those of the schema, and those of a deployment', () => {
    const raw = { mcpServers: { a: { url: 'http://127.0.0.1/mcp', timeoutMs: 0 }, b: { command: 'b' } }, extra: 1 };
    expect(() => deploymentConfig(raw, 'fusebox.json')).toThrow(
      expect.objectContaining({
        faults: ['mcpServers.a.timeoutMs', 'extra', 'mcpServers.a.url', 'mcpServers.b'].map((path) =>
          expect.objectContaining({ path }),
        ),
      }),
    );
  });
});
