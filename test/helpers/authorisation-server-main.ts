/** Run by itself: oidc-provider on the loopback, since inside Jest's own realm it takes no client's keys for keys. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';
import type { AuthorisationServerMessage, AuthorisationServerOptions } from './authorisation-server.ts';

const { clients, tokenSeconds, resource } = JSON.parse(process.argv[2] ?? '{}') as AuthorisationServerOptions;
const tell = (message: AuthorisationServerMessage): void => void process.send?.(message);

process.once('disconnect', () => process.exit());
process.on('message', () => tell({ asked: true }));
const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const resourceServerInfo = {
    scope: 'tools',
    audience: resource,
    accessTokenFormat: 'opaque',
    accessTokenTTL: tokenSeconds,
  };
  const provider = new Provider(issuer, {
    clients: clients.map((client) => ({
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      ...client,
    })),
    scopes: ['tools'],
    ttl: { ClientCredentials: tokenSeconds },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: () => resourceServerInfo,
      },
    },
  });
  const handle = provider.callback();
  server.on('request', (request, response) => {
    tell({ seen: String(request.url) });
    handle(request, response);
  });
  tell({ issuer });
});
