import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, rootCertificates } from 'node:tls';
import type { NetworkProbe, ServerTarget, StepReport } from '../../mcp/ports.ts';
import type { Clock } from '../../resilience/clock.ts';
import { BlockedAddressError, guardedLookup, type Resolve } from '../../security/guarded-lookup.ts';
import { checkUrl, describeBlock } from '../../security/url-guard.ts';

const DAY_MS = 86_400_000;

/** Looks at the way to a server piece by piece, from where this runs: its address, its name, the network, TLS. */
export class SocketProbe implements NetworkProbe {
  readonly #now: Clock;
  readonly #resolve: Resolve | undefined;

  constructor(now: Clock, resolve?: Resolve) {
    this.#now = now;
    this.#resolve = resolve;
  }

  async *steps(target: ServerTarget, signal: () => AbortSignal): AsyncGenerator<StepReport> {
    const url = new URL(target.url);
    const port = portOf(url);
    const host = hostOf(url);
    yield await report('address', async () => {
      const block = checkUrl(url, target.addresses);
      if (block !== undefined) throw new BlockedAddressError(block);
      return `${url.protocol}//${url.host}`;
    });
    const addresses: string[] = [];
    yield await report('dns', async () => {
      addresses.push(...(await this.#lookUp(host, target)));
      return addresses.join(', ');
    });
    yield await report('tcp', async () => {
      const socket = connectTcp({ host: addresses[0] ?? host, port });
      await opened(socket, 'connect', signal());
      return `port ${port} is open`;
    });
    if (url.protocol === 'https:')
      yield await report('tls', async () => {
        const { protocol, endsAtMs } = await this.#shakeHands(target, host, addresses, port, signal());
        const days = Math.floor((endsAtMs - this.#now()) / DAY_MS);
        return `${protocol ?? 'TLS'}, the certificate is valid for ${days} days`;
      });
  }

  async certificateEndsAtMs(target: ServerTarget, signal: AbortSignal): Promise<number | undefined> {
    const url = new URL(target.url);
    if (url.protocol !== 'https:') return undefined;
    const block = checkUrl(url, target.addresses);
    if (block !== undefined) throw new BlockedAddressError(block);
    const host = hostOf(url);
    return (await this.#shakeHands(target, host, await this.#lookUp(host, target), portOf(url), signal)).endsAtMs;
  }

  #lookUp(host: string, { addresses }: ServerTarget): Promise<string[]> {
    if (isIP(host) !== 0) return Promise.resolve([host]);
    return new Promise((resolve, reject) => {
      guardedLookup(addresses, this.#resolve)(host, { all: true }, (error, found) => {
        if (error !== null) reject(error);
        else resolve(Array.isArray(found) ? found.map(({ address }) => address) : [found]);
      });
    });
  }

  async #shakeHands(
    { ca }: ServerTarget,
    host: string,
    [address = host]: readonly string[],
    port: number,
    signal: AbortSignal,
  ): Promise<{ readonly protocol: string | null | undefined; readonly endsAtMs: number }> {
    const socket = connectTls({
      host: address,
      port,
      minVersion: 'TLSv1.2',
      ...(isIP(host) === 0 && { servername: host }),
      ...(ca !== undefined && { ca: [...rootCertificates, ca] }),
    });
    let endsAtMs = Number.NaN;
    socket.once('secureConnect', () => {
      endsAtMs = Date.parse(socket.getPeerCertificate().valid_to);
    });
    const protocol = await opened(socket, 'secureConnect', signal, () => socket.getProtocol());
    return { protocol, endsAtMs };
  }
}

const portOf = (url: URL): number => Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');

const FIXES: Readonly<Record<string, string>> = {
  EBLOCKED: 'docs/security.md, "Addresses", says what may be allowed for a server',
  ENOTFOUND: 'the name is not known here: look at the URL, and in a VPC at its DNS',
  EAI_AGAIN: 'the resolver does not answer: in a VPC, look at its DNS settings',
  ECONNREFUSED: 'nothing listens on that port',
  ETIMEDOUT: 'nothing comes back: look at security groups, routes and the NAT gateway (docs/deploy.md, "In a VPC")',
  ENETUNREACH: 'there is no route: look at the subnets (docs/deploy.md, "In a VPC")',
  EHOSTUNREACH: 'there is no route: look at the subnets (docs/deploy.md, "In a VPC")',
  CERT_HAS_EXPIRED: 'the server has to renew its certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'the authority is not a public one: give its certificate in tls.ca',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is signed by nobody: give it in tls.ca',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the authority is not known: give its certificate in tls.ca',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another name than that of the URL',
};

async function report(step: StepReport['step'], run: () => Promise<string>): Promise<StepReport> {
  try {
    return { step, ok: true, detail: await run() };
  } catch (error) {
    if (error instanceof BlockedAddressError)
      return { step, ok: false, detail: describeBlock(error.block), fix: String(FIXES['EBLOCKED']) };
    const { code = 'failed' } = error as NodeJS.ErrnoException;
    const fix = FIXES[code];
    return { step, ok: false, detail: code, ...(fix !== undefined && { fix }) };
  }
}

/** Waits for an event of a socket, and closes it whatever comes. */
async function opened<T>(socket: Socket, event: string, signal: AbortSignal, read?: () => T): Promise<T | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<T | undefined>();
  const giveUp = (): void => reject(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' }));
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  socket.once(event, () => resolve(read?.())).once('error', reject);
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', giveUp);
    socket.destroy();
  }
}
