/** Spellings of addresses that no server may have, in each way by which one can come to us. */
import * as fc from 'fast-check';
import { BlockedAddressError, guardedLookup, type Resolve } from '../../../lib/security/guarded-lookup.ts';
import { type AddressRules, checkAddress, checkUrl, isLoopbackUrl } from '../../../lib/security/url-guard.ts';

const STRICT: AddressRules = { loopback: false, privateNetwork: false, http: false };
const PRIVATE: AddressRules = { ...STRICT, privateNetwork: true };

const METADATA = [
  '169.254.169.254',
  '169.254.169.254.',
  '2852039166',
  '0xa9fea9fe',
  '0xA9.0xFE.0xA9.0xFE',
  '0251.0376.0251.0376',
  '0xa9.254.0251.254',
  '169.254.43518',
  '169.16689662',
  '①⑥⑨.②⑤④.①⑥⑨.②⑤④',
  '１６９．２５４．１６９．２５４',
  '169%2e254%2e169%2e254',
  '%31%36%39.254.169.254',
  '169。254。169。254',
  '[::ffff:169.254.169.254]',
  '[::ffff:a9fe:a9fe]',
  '[0:0:0:0:0:ffff:a9fe:a9fe]',
  '[0000:0000:0000:0000:0000:FFFF:A9FE:A9FE]',
  '[::a9fe:a9fe]',
  '[::169.254.169.254]',
  '[::ffff:0:169.254.169.254]',
  '[64:ff9b::169.254.169.254]',
  '[64:ff9b::a9fe:a9fe]',
  '[64:ff9b:1::1]',
  '[64:ff9b:1::a9fe:a9fe]',
  '[64:ff9b:1:fffe::7f00:1]',
  '[2002:a9fe:a9fe::]',
  '[2002:a9fe:a9fe::1]',
  '[fd00:ec2::254]',
  '[FD00:0EC2:0:0:0:0:0:0254]',
  '[fd20:ce::254]',
  '[fe80::1]',
  '[fe80::a9fe:a9fe]',
  '[febf::1]',
  '169.254.170.2',
  '169.254.170.23',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  'metadata.google.internal',
  'METADATA.google.internal.',
  'metadata',
  'instance-data',
  '224.0.0.1',
  '255.255.255.255',
  '240.0.0.1',
  '0.0.0.1',
  '[ff02::1]',
  '[2001:0:a9fe:a9fe::1]',
];

const LOOPBACK = [
  'localhost',
  'LOCALHOST',
  'localhost.',
  'a.localhost',
  '127.0.0.1',
  '127.1',
  '127.0.1',
  '127.255.255.254',
  '2130706433',
  '0x7f000001',
  '0x7f.1',
  '017700000001',
  '0177.0.0.1',
  '①②⑦.⓪.⓪.①',
  '0.0.0.0',
  '0',
  '[::1]',
  '[::]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[2002:7f00:1::]',
];

const PRIVATE_NETWORK = [
  '10.0.0.1',
  '10.255.255.255',
  '167772161',
  '0x0a000001',
  '012.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '192.168.257',
  '3232235777',
  '100.64.0.1',
  '198.18.0.1',
  '[fc00::1]',
  '[fdff::1]',
  '[fec0::1]',
  '[::ffff:10.0.0.1]',
  '[::ffff:c0a8:101]',
  '[64:ff9b::10.0.0.1]',
  '[2002:c0a8:101::1]',
];

const PUBLIC = [
  'search.example.com',
  'localhost.example.com',
  'metadata.example.com',
  '93.184.216.34',
  '172.32.0.1',
  '172.15.255.255',
  '100.63.255.255',
  '100.128.0.1',
  '169.253.255.255',
  '11.0.0.1',
  '[2606:4700::1111]',
  '[2600:1f18::1]',
  '[::ffff:8.8.8.8]',
];

const urlOf = (host: string): URL => new URL(`https://${host}/mcp`);

describe('a URL', () => {
  it.each(METADATA)('is blocked whatever is allowed: %s', (host) => {
    expect(checkUrl(urlOf(host), { loopback: true, privateNetwork: true, http: true })).toBe('forbidden');
  });

  it.each(LOOPBACK)('is blocked on the loopback, unless that is allowed: %s', (host) => {
    expect(checkUrl(urlOf(host), PRIVATE)).toBe('loopback');
    expect(checkUrl(urlOf(host), { ...STRICT, loopback: true })).toBeUndefined();
    expect(isLoopbackUrl(urlOf(host))).toBe(true);
  });

  it.each(PRIVATE_NETWORK)('is blocked in a private network, unless that is allowed: %s', (host) => {
    expect(checkUrl(urlOf(host), { ...STRICT, loopback: true })).toBe('private-network');
    expect(checkUrl(urlOf(host), PRIVATE)).toBeUndefined();
  });

  it.each(PUBLIC)('passes: %s', (host) => {
    expect(checkUrl(urlOf(host), STRICT)).toBeUndefined();
    expect(isLoopbackUrl(urlOf(host))).toBe(false);
  });

  it.each([
    ['http://search.example.com/', STRICT, 'http'],
    ['http://search.example.com/', { ...STRICT, http: true }, undefined],
    ['http://127.0.0.1/', { ...STRICT, loopback: true }, undefined],
    ['http://10.0.0.1/', PRIVATE, 'http'],
    ['https://good.example.com@169.254.169.254/', STRICT, 'forbidden'],
    ['https://169.254.169.254#@good.example.com/', STRICT, 'forbidden'],
    ['https://169.254.169.254\\@good.example.com/', STRICT, 'forbidden'],
    ['ftp://search.example.com/', STRICT, 'not-http'],
    ['file:///etc/passwd', STRICT, 'not-http'],
    ['data:text/plain,x', STRICT, 'not-http'],
    ['gopher://127.0.0.1/', STRICT, 'not-http'],
  ] as const)('%s by %j: %s', (url, rules, block) => {
    expect(checkUrl(new URL(url), rules)).toBe(block);
  });
});

describe('an address of DNS', () => {
  it.each([
    ['fe80::1%eth0', 'forbidden'],
    ['::ffff:169.254.169.254', 'forbidden'],
    ['::1', 'loopback'],
    ['10.1.2.3', 'private-network'],
    ['fd12::1%1', 'private-network'],
    ['not an address', 'forbidden'],
    ['', 'forbidden'],
    ['1.1.1.1', undefined],
    ['2606:4700::1111', undefined],
  ])('%s: %s', (address, block) => {
    expect(checkAddress(address, STRICT)).toBe(block);
  });

  it('of a blocked network is blocked in whatever spelling of a URL', () => {
    const networks = [
      [0x7f000000, 0x00ffffff],
      [0x0a000000, 0x00ffffff],
      [0xac100000, 0x000fffff],
      [0xc0a80000, 0x0000ffff],
      [0xa9fe0000, 0x0000ffff],
      [0x64400000, 0x003fffff],
      [0xe0000000, 0x0fffffff],
    ] as const;
    const address = fc
      .tuple(fc.constantFrom(...networks), fc.nat(0xffffffff))
      .map(([[network, mask], bits]) => (network | (bits & mask)) >>> 0);
    const spelling = fc.constantFrom<((ip: number) => string)[]>(
      (ip) => String(ip),
      (ip) => `0x${ip.toString(16)}`,
      (ip) => `0${ip.toString(8)}`,
      (ip) => bytes(ip).join('.'),
      (ip) =>
        bytes(ip)
          .map((byte) => `0${byte.toString(8)}`)
          .join('.'),
      (ip) =>
        bytes(ip)
          .map((byte) => `0x${byte.toString(16).toUpperCase()}`)
          .join('.'),
      (ip) => `${ip >>> 24}.${ip & 0xffffff}`,
      (ip) => `[::ffff:${bytes(ip).join('.')}]`,
      (ip) => `[64:ff9b::${(ip >>> 16).toString(16)}:${(ip & 0xffff).toString(16)}]`,
      (ip) => `[2002:${(ip >>> 16).toString(16)}:${(ip & 0xffff).toString(16)}::7]`,
    );
    fc.assert(
      fc.property(address, spelling, (ip, spell) => {
        expect(checkUrl(urlOf(spell(ip)), STRICT)).toBeDefined();
      }),
      { numRuns: 2_000 },
    );
  });
});

const bytes = (ip: number): number[] => [24, 16, 8, 0].map((shift) => (ip >>> shift) & 255);

describe('a look-up', () => {
  const resolving = (...addresses: string[]): Resolve => {
    return (_hostname, _options, callback) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
  };
  const lookUp = (rules: AddressRules, resolve: Resolve, options: object = {}) =>
    new Promise((settle) => {
      guardedLookup(rules, resolve)('search.example.com', options, (error, address) => settle(error ?? address));
    });

  it('gives the addresses that it has checked', async () => {
    const resolve = resolving('93.184.216.34', '2606:4700::1111');
    expect(await lookUp(STRICT, resolve)).toBe('93.184.216.34');
    expect(await lookUp(STRICT, resolve, { all: true })).toEqual([
      { address: '93.184.216.34', family: 4 },
      { address: '2606:4700::1111', family: 6 },
    ]);
  });

  it('refuses a name of which any address is blocked', async () => {
    const error = await lookUp(PRIVATE, resolving('93.184.216.34', '127.0.0.1'), { all: true });
    expect(error).toBeInstanceOf(BlockedAddressError);
    expect(error).toMatchObject({ code: 'EBLOCKED', block: 'loopback' });
  });

  it('refuses a name without addresses, and passes the resolver’s own error on', async () => {
    expect(await lookUp(STRICT, resolving())).toBeInstanceOf(BlockedAddressError);
    const gone = Object.assign(new Error('gone'), { code: 'ENOTFOUND' });
    expect(await lookUp(STRICT, (_h, _o, callback) => callback(gone, []))).toBe(gone);
  });
});
