/**
 * Is the host of a URL this machine itself (loopback or unspecified)? The URL parser (WHATWG) brings decimal, octal and
 * hexadecimal spellings of an IPv4 address to one form, and shortens an IPv6 address.
 */
export function isLocalHost(url: string): boolean {
  // A placeholder elsewhere must not keep the host from being seen.
  const plain = url.replaceAll(/\$\{[^}]*\}/g, 'placeholder');
  if (!URL.canParse(plain)) return false;
  const host = new URL(plain).hostname
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^\[(.*)\]$/, '$1');
  return host === 'localhost' || host.endsWith('.localhost') || isLocalIpv4(host) || isLocalIpv6(host);
}

const isLocalIpv4 = (host: string): boolean => /^(127|0)\.\d+\.\d+\.\d+$/.test(host);

function isLocalIpv6(host: string): boolean {
  if (host === '::1' || host === '::') return true;
  // IPv4-mapped (::ffff:7f00:1), IPv4-compatible (::7f00:1) and NAT64 (64:ff9b::7f00:1) addresses carry an IPv4 one.
  const embedded = /^(?:::ffff:|::|64:ff9b::)(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,4})$/.exec(host);
  if (embedded === null) return false;
  const firstByte = Number.parseInt(embedded[1] ?? '0', 16) >> 8;
  return firstByte === 127 || firstByte === 0;
}
