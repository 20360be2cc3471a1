/** Where a hostile server, document or DNS answer sends us, nothing is sent to; the same ways work where they are allowed. */
import type { ServerResponse } from 'node:http';
import { createGuardedFetch } from '../../lib/adapters/http/guarded-fetch.ts';
import type { World } from '../../lib/compose.ts';
import type { Resolve } from '../../lib/security/guarded-lookup.ts';
import { compose, type Product } from '../helpers/composed.ts';
import {
  answerJson,
  ordinaryResult,
  type Received,
  resultOf,
  type Scripted,
  startScripted,
} from '../helpers/scripted-server.ts';

const TOOLS = [{ name: 'find', inputSchema: { type: 'object' } }];
const FOUND = { resultType: 'complete', content: [{ type: 'text', text: 'found' }] };

/** Counts what reaches it: it stands for everything that must not be reached. */
let forbidden: Scripted;
const servers: Scripted[] = [];
const products: Product[] = [];
beforeAll(async () => {
  forbidden = await startScripted((request, response) => answerJson(response, resultOf(request.id, FOUND)));
});
afterEach(async () => {
  await Promise.all(products.splice(0).map((product) => product.connections.disconnectAll()));
  await Promise.all(servers.splice(0).map((server) => server.close()));
  expect(forbidden.seen).toEqual([]);
});
afterAll(() => forbidden.close());

type Answer = (request: Received, response: ServerResponse) => boolean;

/** A modern server, ordinary but for what `answer` takes on itself. */
async function serve(answer: Answer = () => false): Promise<Scripted> {
  const server = await startScripted((request, response) => {
    if (answer(request, response)) return;
    const result = request.method === 'tools/call' ? FOUND : ordinaryResult(request, TOOLS);
    answerJson(response, resultOf(request.id, result ?? {}));
  });
  servers.push(server);
  return server;
}

function reach(
  url: string,
  { world = {}, ...config }: { world?: Partial<World>; [key: string]: unknown } = {},
): Product {
  const product = compose({ s: { url, retry: { maxRetries: 0 }, timeoutMs: 2_000, ...config } }, { world });
  products.push(product);
  return product;
}

const resolving = (...answers: string[][]): Resolve => {
  let asked = 0;
  return (_hostname, _options, callback) => {
    const addresses = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
};

/** Where a redirect or an event stream may point. */
const ELSEWHERE = [
  'http://169.254.169.254/latest/meta-data/',
  'http://2852039166/',
  'http://0xa9fea9fe/',
  'http://[::ffff:a9fe:a9fe]/',
  'http://[fd00:ec2::254]/',
  'http://metadata.google.internal/',
  'http://10.0.0.1/',
  'http://192.168.1.1:8080/',
  'http://[fc00::1]/',
  'http://[fe80::1]/',
  '//169.254.169.254/',
  'https://attacker.example.com/mcp',
  'http://attacker.example.com/mcp',
  'ftp://169.254.169.254/',
  'file:///etc/passwd',
  'javascript:alert(1)',
];

describe('a redirect', () => {
  const redirecting = (location: string, status = 307): Answer => {
    return ({ method, http }, response) => {
      const isFirst = method === 'tools/call' && http.url === '/mcp';
      if (isFirst) response.writeHead(status, { location }).end();
      return isFirst;
    };
  };

  it.each([...ELSEWHERE, 'forbidden', 'forbidden by name'])('to %s is not followed', async (to) => {
    const location = to.startsWith('forbidden') ? named(to) : to;
    for (const status of [301, 302, 307, 308]) {
      const server = await serve(redirecting(location, status));
      const { code } = await reach(server.url).no('s', 'find');
      expect(['upstream_blocked', 'upstream_error', 'upstream_protocol_error']).toContain(code);
      expect(server.seen.filter((method) => method === 'tools/call')).toHaveLength(1);
    }
  });

  it('within the origin is followed', async () => {
    const server = await serve(redirecting('/other'));
    expect((await reach(server.url).call('s', 'find')).result).toMatchObject({ content: FOUND.content });
  });
});

/** The forbidden server, and by a name that leads to it. */
function named(to: string): string {
  const url = new URL(forbidden.url);
  if (to === 'forbidden by name') url.hostname = 'localhost';
  return url.href;
}

describe('the event stream of 2024-11-05', () => {
  async function streaming(endpoint: string): Promise<Scripted> {
    const server = await startScripted(({ http }, response) => {
      if (http.method !== 'GET') return void response.writeHead(202).end();
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`event: endpoint\ndata: ${endpoint}\n\n`);
    });
    servers.push(server);
    return server;
  }

  it.each([...ELSEWHERE.filter((url) => !url.startsWith('javascript')), 'forbidden'])(
    'that names %s gets nothing sent there',
    async (to) => {
      const server = await streaming(to === 'forbidden' ? forbidden.url : to);
      const error = await reach(server.url, { type: 'sse', timeoutMs: 500 }).no('s', 'find');
      expect(error.code).toMatch(/^upstream_|deadline_exceeded/);
      expect(server.seen).toEqual(['GET']);
    },
  );

  it('that names its own origin is used', async () => {
    const server = await streaming('/messages');
    await reach(server.url, { type: 'sse', timeoutMs: 500 }).no('s', 'find');
    expect(server.seen).toContain('initialize');
  });
});

describe('a name', () => {
  const at = (server: Scripted, hostname: string): string => {
    const url = new URL(server.url);
    url.hostname = hostname;
    return url.href;
  };
  const OPEN = { allowInsecureHttp: true };

  it.each([
    ['the loopback', '127.0.0.1'],
    ['the loopback of IPv6', '::1'],
    ['the loopback, mapped', '::ffff:127.0.0.1'],
    ['a metadata service', '169.254.169.254'],
    ['a metadata service of IPv6', 'fd00:ec2::254'],
    ['a private network', '10.0.0.5'],
    ['a private network of IPv6', 'fd12::5'],
    ['nothing', '0.0.0.0'],
  ])(
    'of a public server that leads to %s is not followed, also where others of its addresses are public',
    async (_, address) => {
      for (const addresses of [[address], ['93.184.216.34', address]]) {
        const world = { resolve: resolving(addresses) };
        const error = await reach(at(forbidden, 'search.example.com'), { ...OPEN, world }).no('s', 'find');
        expect(error).toMatchObject({ code: 'upstream_blocked', details: { attempts: 1 } });
        expect(error.message).toContain('"s" was not called');
      }
    },
  );

  it('that is rebound after the first look is not followed', async () => {
    const server = await serve((_request, response) => {
      response.shouldKeepAlive = false;
      return false;
    });
    for (const rebound of ['169.254.169.254', '10.0.0.5', 'fe80::1']) {
      // Allowed, since the URL itself says that the server is on this machine.
      const product = reach(at(server, 'localhost'), {
        world: { resolve: resolving(['127.0.0.1'], ['127.0.0.1'], [rebound]) },
      });
      expect((await product.call('s', 'find')).result).toMatchObject({ content: FOUND.content });
      expect(await product.no('s', 'find')).toMatchObject({ code: 'upstream_blocked' });
    }
  });

  it('that is allowed into a private network still may not lead to this machine', async () => {
    const world = { resolve: resolving(['127.0.0.1']) };
    const server = { ...OPEN, allowPrivateNetwork: true, world };
    expect(await reach(at(forbidden, 'search.example.com'), server).no('s', 'find')).toMatchObject({
      code: 'upstream_blocked',
    });
  });

  it('does not open the circuit: the address is wrong, not the server', async () => {
    const world = { resolve: resolving(['10.0.0.5']) };
    const product = reach(at(forbidden, 'search.example.com'), { ...OPEN, world });
    for (let call = 0; call < 30; call += 1) {
      expect(await product.no('s', 'find')).toMatchObject({ code: 'upstream_blocked' });
    }
  });
});

it('a server on this machine is out of reach for a function in the cloud', async () => {
  const product = compose({ s: { url: forbidden.url } }, { env: { FUSEBOX_LOCAL: '' } });
  products.push(product);
  expect(await product.no('s', 'find')).toMatchObject({ code: 'upstream_blocked' });
});

describe('a document of metadata', () => {
  const fetch = createGuardedFetch({ addresses: { loopback: false, privateNetwork: false, http: true } });

  it.each([...ELSEWHERE.filter((url) => !/attacker|^\/\//.test(url)), 'forbidden'])(
    'at %s is not fetched',
    async (to) => {
      await expect(fetch(to === 'forbidden' ? forbidden.url : to)).rejects.toMatchObject({ code: 'EBLOCKED' });
    },
  );

  it('at a name that leads to this machine is not fetched', async () => {
    const guarded = createGuardedFetch({
      addresses: { loopback: false, privateNetwork: true, http: true },
      resolve: resolving(['127.0.0.1']),
    });
    const url = new URL(forbidden.url);
    url.hostname = 'login.example.com';
    await expect(guarded(url.href)).rejects.toMatchObject({ code: 'EBLOCKED' });
  });

  it('that sends us elsewhere is not followed, and one that is allowed is read, up to 1 MB', async () => {
    const open = createGuardedFetch({ addresses: { loopback: true, privateNetwork: false, http: false } });
    const server = await startScripted(({ http }, response) => {
      if (http.url === '/moved') response.writeHead(302, { location: forbidden.url }).end();
      else if (http.url === '/huge') response.end(Buffer.alloc(1_000_001));
      else answerJson(response, { issuer: 'x' });
    });
    servers.push(server);
    expect((await open(`${server.origin}/moved`)).status).toBe(302);
    await expect(open(`${server.origin}/huge`)).rejects.toThrow('larger than 1000000 bytes');
    expect(await (await open(server.origin)).json()).toEqual({ issuer: 'x' });
  });
});
