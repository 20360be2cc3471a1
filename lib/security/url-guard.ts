/** Pure: where a server may be. Blocks what a hostile address, redirect, document or DNS answer would lead us to (SSRF, OWASP API7:2023). */
import { BlockList, isIP, isIPv4 } from 'node:net';

/** What one server may be, beside a public address behind https. */
export interface AddressRules {
  /** The machine itself. */
  readonly loopback: boolean;
  /** RFC 1918, shared (RFC 6598) and unique local (RFC 4193) addresses. */
  readonly privateNetwork: boolean;
  /** Without TLS; the loopback needs none. */
  readonly http: boolean;
}

/** Why an address may not be called. `privateNetwork` and `http` can be allowed for a server, `forbidden` never. */
export type Block = 'loopback' | 'private-network' | 'forbidden' | 'http' | 'not-http';

const REASONS: Readonly<Record<Block, string>> = {
  loopback: 'it is an address of this machine',
  'private-network': 'it is an address of a private network',
  forbidden: 'it is an address that no server has: link-local, of a metadata service, multicast or reserved',
  http: 'it is http, without TLS',
  'not-http': 'it is neither http nor https',
};

/** In words, to follow "blocked:". */
export const describeBlock = (block: Block): string => REASONS[block];

/** Names by which clouds reach their metadata services. */
const METADATA_HOSTS: readonly string[] = [
  'metadata',
  'metadata.google.internal',
  'instance-data',
  'instance-data.ec2.internal',
];

const list = (...networks: readonly string[]): BlockList => {
  const blocked = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    blocked.addSubnet(address, Number(prefix), isIPv4(address) ? 'ipv4' : 'ipv6');
  }
  return blocked;
};

/** IANA's special-purpose registries; documentation networks are left out, since nothing is there. */
/** The unspecified addresses lead to the machine itself, too. */
const LOOPBACK = list('127.0.0.0/8', '0.0.0.0/32', '::1/128', '::/128');
const FORBIDDEN = list(
  '0.0.0.0/8',
  '169.254.0.0/16',
  '192.0.0.0/24',
  '192.88.99.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // Metadata and wire servers of clouds outside of link-local addresses.
  '100.100.100.200/32',
  '168.63.129.16/32',
  'fd00:ec2::/32',
  'fd20:ce::/32',
  // Local translation (RFC 8215): where in it an IPv4 address stands is known to the translator alone.
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/32',
  'fe80::/10',
  'ff00::/8',
);
const PRIVATE = list(
  '10.0.0.0/8',
  '100.64.0.0/10',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '198.18.0.0/15',
  'fc00::/7',
  'fec0::/10',
);

/**
 * May the URL be called? Its host is looked at as it stands: what a name resolves to is {@link checkAddress}'s. The URL parser (WHATWG)
 * has brought decimal, octal, hexadecimal, short, full-width and percent-encoded spellings to one form.
 */
export function checkUrl(url: URL, rules: AddressRules): Block | undefined {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'not-http';
  const block = checkHost(url, rules);
  if (block !== undefined) return block;
  return url.protocol === 'https:' || rules.http || isLoopbackUrl(url) ? undefined : 'http';
}

/** May this address be connected to? @param address of IPv4 or IPv6, as DNS has it */
export function checkAddress(address: string, rules: AddressRules): Block | undefined {
  const version = isIP(address);
  if (version === 0) return 'forbidden';
  if (version === 4) return checkIpv4(address, rules);
  const canonical = canonicalIpv6(address);
  const embedded = embeddedIpv4(canonical);
  return embedded === undefined ? checkIn('ipv6', canonical, rules) : checkIpv4(embedded, rules);
}

/** Does the URL itself name the machine that runs this? */
export function isLoopbackUrl(url: URL): boolean {
  const host = hostOf(url);
  if (isIP(host) === 0) return isLocalhost(host);
  return checkAddress(host, { loopback: false, privateNetwork: true, http: true }) === 'loopback';
}

function checkHost(url: URL, rules: AddressRules): Block | undefined {
  const host = hostOf(url);
  if (isIP(host) !== 0) return checkAddress(host, rules);
  if (METADATA_HOSTS.includes(host)) return 'forbidden';
  return isLocalhost(host) && !rules.loopback ? 'loopback' : undefined;
}

const isLocalhost = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost');

/** Without the brackets of IPv6, and without the dot at the end of a name. */
const hostOf = (url: URL): string => url.hostname.toLowerCase().replace(/^\[|\]$|\.+$/g, '');

const checkIpv4 = (address: string, rules: AddressRules): Block | undefined => checkIn('ipv4', address, rules);

function checkIn(family: 'ipv4' | 'ipv6', address: string, rules: AddressRules): Block | undefined {
  if (LOOPBACK.check(address, family)) return rules.loopback ? undefined : 'loopback';
  if (FORBIDDEN.check(address, family)) return 'forbidden';
  if (PRIVATE.check(address, family)) return rules.privateNetwork ? undefined : 'private-network';
  return undefined;
}

/** Compressed, in hex, without its zone. */
function canonicalIpv6(address: string): string {
  return new URL(`http://[${address.replace(/%.*$/s, '')}]`).hostname.slice(1, -1);
}

/**
 * The IPv4 address that an IPv6 address leads to: mapped (::ffff:0:0/96), translated (::ffff:0:0:0/96), compatible (::/96), NAT64
 * (64:ff9b::/96) and 6to4 (2002::/16).
 */
function embeddedIpv4(address: string): string | undefined {
  const groups = groupsOf(address);
  const [high = 0, low = 0] = groups[0] === 0x2002 ? groups.slice(1, 3) : groups.slice(6);
  const prefix = groups
    .slice(0, 6)
    .map((group) => group.toString(16))
    .join(':');
  const carries = groups[0] === 0x2002 || EMBEDDING.includes(prefix);
  // `::` and `::1` are addresses of their own.
  if (!carries || (prefix === '0:0:0:0:0:0' && high === 0 && low <= 1)) return undefined;
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

const EMBEDDING: readonly string[] = ['0:0:0:0:0:ffff', '0:0:0:0:ffff:0', '0:0:0:0:0:0', '64:ff9b:0:0:0:0'];

function groupsOf(address: string): number[] {
  const [before = '', after] = address.split('::');
  const parse = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const [head, tail] = [parse(before), parse(after ?? '')];
  return [
    ...head,
    ...Array.from({ length: after === undefined ? 0 : 8 - head.length - tail.length }, () => 0),
    ...tail,
  ];
}
