/** Which secrets the configuration names, and where they are. */
import type { FuseboxConfig } from '../../../config/schema.ts';
import { callSecretsOf, secretNamesOf } from '../../../config/secret-names.ts';
import type { Issue } from '../check.ts';
import { addressOf, at, serversOf } from './subject.ts';

const ARN = /^arn:[\w-]+:secretsmanager:([a-z0-9-]+):(\d{12}):/;

/** @returns undefined where there are ARNs and nothing to compare them with */
export function foreignSecrets(config: FuseboxConfig): Issue[] | undefined {
  const { region } = config.deploy;
  const found = serversOf(config).flatMap(([of, server]) =>
    secretNamesOf(server).flatMap((name) => {
      const [, its, account] = ARN.exec(name) ?? [];
      return its === undefined || account === undefined ? [] : [{ of, its, account }];
    }),
  );
  if (found.length > 0 && region === null) return undefined;
  const elsewhere = found.filter(({ its }) => its !== region);
  const accounts = [...new Set(found.map(({ account }) => account))];
  return [
    ...elsewhere.map(({ of, its }) => ({
      status: 'fail' as const,
      of,
      what: `its secret is in ${its}, and the functions ask in ${region}`,
      fix: `replicate it to ${region}, and name it there in ${at(of, 'auth', 'secret')}`,
    })),
    ...(accounts.length > 1
      ? [
          {
            what: `secrets are in ${accounts.length} accounts (${accounts.join(', ')})`,
            fix: 'let each secret and its key in by their policies, or copy them into the account of the stack',
          },
        ]
      : []),
  ];
}

/** The same secret for two hosts: whoever runs one can call the other. */
export function sharedSecrets(config: FuseboxConfig): Issue[] {
  const hosts = new Map<string, Set<string>>();
  for (const [, server] of serversOf(config)) {
    const host = addressOf(server)?.host;
    if (host === undefined) continue;
    for (const secret of callSecretsOf(server)) hosts.set(secret, (hosts.get(secret) ?? new Set()).add(host));
  }
  return [...hosts]
    .filter(([, its]) => its.size > 1)
    .map(([secret, its]) => ({
      what: `"${secret}" goes to ${[...its].join(' and ')}`,
      fix: 'a secret for each of them',
    }));
}
