import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface AuthorisationServerOptions {
  readonly clients: readonly object[];
  readonly tokenSeconds: number;
  /** The audience of its tokens. */
  readonly resource: string;
}

/** What its process tells; `asked` answers the question how far it has got. */
export type AuthorisationServerMessage =
  | { readonly issuer: string }
  | { readonly seen: string }
  | { readonly asked: true };

export interface AuthorisationServer {
  readonly issuer: string;
  /** Paths that were asked for since the last look, in their order. */
  requests(): Promise<string[]>;
  /** How many tokens were asked for since the last look. */
  tokens(): Promise<number>;
  close(): Promise<void>;
}

/** A real authorisation server (oidc-provider) on the loopback, in a process of its own. */
export async function startAuthorisationServer(options: AuthorisationServerOptions): Promise<AuthorisationServer> {
  const script = join(import.meta.dirname, 'authorisation-server-main.ts');
  const child = fork(script, [JSON.stringify(options)], { stdio: 'ignore' });
  const seen: string[] = [];
  const { promise: ready, resolve, reject } = Promise.withResolvers<string>();
  child.once('exit', (code) => reject(new Error(`the authorisation server ended with ${code}`)));
  child.on('message', (message: AuthorisationServerMessage) => {
    if ('issuer' in message) resolve(message.issuer);
    else if ('seen' in message) seen.push(message.seen);
    else answered.resolve();
  });
  let answered = Promise.withResolvers<void>();
  const requests = async (): Promise<string[]> => {
    answered = Promise.withResolvers<void>();
    child.send({});
    await answered.promise;
    return seen.splice(0);
  };
  return {
    issuer: await ready,
    requests,
    tokens: async () => (await requests()).filter((path) => path === '/token').length,
    close: async () => {
      const exit = once(child, 'exit');
      child.disconnect();
      await exit;
    },
  };
}
