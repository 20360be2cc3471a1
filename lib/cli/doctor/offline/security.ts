import type { RemoteServerConfig } from '../../../config/schema.ts';
import { type Check, fail, type Issue, judge, notChecked, pass, warn } from '../check.ts';
import { unknownServers, uselessPrincipals } from './principals.ts';
import { foreignSecrets, sharedSecrets } from './secrets.ts';
import { at, issuesOf, type Subject } from './subject.ts';

const heading = 'Security';

type Found = Omit<Issue, 'of'> | undefined;

export const SECURITY: readonly Check<Subject>[] = [
  {
    id: 'security.auth',
    heading,
    title: 'Servers know who calls',
    check: (subject) => judge(issuesOf(subject, anonymous), 'each request carries a credential'),
  },
  {
    id: 'security.tls',
    heading,
    title: 'Servers are called over TLS',
    check: (subject) => judge(issuesOf(subject, withoutTls), 'all are'),
  },
  {
    id: 'security.headers',
    heading,
    title: 'No header holds what looks like a key',
    check: (subject) => judge(issuesOf(subject, keyLikeHeader), 'none does'),
  },
  {
    id: 'security.access',
    heading,
    title: 'Callers may call what they need, and no more',
    check: ({ config: { access } }) => {
      const fix = '"access": [{ "principal": "role:…", "allow": ["server:tool"] }]';
      if (access === undefined) return warn('there are no access rules: every caller may call every tool', fix);
      const open = access.find(({ principal, allow }) => principal === '*' && allow.includes('*:*'));
      return open === undefined ? pass(`${access.length} access rules`) : warn('a rule lets * call *:*', fix);
    },
  },
  {
    id: 'security.access-servers',
    heading,
    title: 'Access rules name servers that exist',
    check: ({ config }) => judge(unknownServers(config), 'they do'),
  },
  {
    id: 'security.operators',
    heading,
    title: 'Somebody, and not everybody, may operate circuits',
    check: ({ config: { operators } }) => {
      const fix = '"operators": ["role:platform-*"]';
      if (operators.length === 0) return warn('nobody may isolate a server that does harm', fix);
      return operators.includes('*') ? fail('everybody may', fix) : pass(operators.join(', '));
    },
  },
  {
    id: 'security.principals',
    heading,
    title: 'Rules and operators are of the kind that the API knows',
    check: ({ config }) => judge(uselessPrincipals(config), 'they are'),
  },
  {
    id: 'security.jwt',
    heading,
    title: 'Tokens of callers are made for this API',
    check: ({ config: { deploy } }) => {
      if (deploy.auth === 'iam') {
        return deploy.jwt === null
          ? pass('callers sign with IAM')
          : warn('deploy.jwt has no effect: deploy.auth is "iam"', '"auth": "jwt" in deploy, or take deploy.jwt out');
      }
      const audience = deploy.jwt?.audience ?? [];
      const loose = audience.filter((text) => text.trim() === '' || text.includes('*'));
      if (loose.length === 0) return pass(audience.join(', '));
      return fail(
        `deploy.jwt.audience has "${loose[0]}", which is no name of an API`,
        'the audience that your issuer puts into tokens for it',
      );
    },
  },
  {
    id: 'security.pinning',
    heading,
    title: 'A server that is not trusted cannot change its tools unseen',
    check: (subject) =>
      judge(
        issuesOf(subject, ({ trusted, toolPinning }, name) =>
          trusted || toolPinning !== 'off'
            ? undefined
            : {
                what: 'it may rewrite what its tools say and take, and a model goes by that',
                fix: `fusebox approve ${name} --write, then ${at(name, 'toolPinning')}: "block" (or "warn")`,
              },
        ),
        'its tools are pinned',
      ),
  },
  {
    id: 'security.arguments',
    heading,
    title: 'Arguments carry no control characters to servers',
    check: ({ config: { limits } }) =>
      limits.controlCharacters === 'keep'
        ? warn('limits.controlCharacters is "keep"', '"limits": { "controlCharacters": "refuse" }, or "strip"')
        : pass(`limits.controlCharacters is "${limits.controlCharacters}"`),
  },
  {
    id: 'security.audit',
    heading,
    title: 'The audit record proves what was called, without showing it',
    check: ({ config: { audit } }) => {
      const fix = '"audit": { "arguments": "hash" }';
      if (audit.arguments === 'none') return warn('it says nothing of arguments', fix);
      return audit.arguments === 'full' ? warn('it shows arguments, and the secrets in them', fix) : pass('hashes');
    },
  },
  {
    id: 'security.secret-region',
    heading,
    title: 'Secrets are where the functions are',
    check: ({ config }) => {
      const issues = foreignSecrets(config);
      if (issues !== undefined) return judge(issues, 'they are');
      return notChecked(
        'secrets are named by ARN, and deploy.region is not set',
        '"deploy": { "region": "eu-west-1" }',
      );
    },
  },
  {
    id: 'security.shared-secrets',
    heading,
    title: 'No server learns the secret of another',
    check: ({ config }) => judge(sharedSecrets(config), 'each host has secrets of its own'),
  },
];

function anonymous({ auth, url }: RemoteServerConfig, name: string): Found {
  if (auth.type !== 'none' || !url.startsWith('https:')) return undefined;
  const fix = `${at(name, 'auth')}: { "type": "bearer", "secret": "${name}-token" }, or another type that the server has`;
  return { what: 'auth is "none": anybody can call it as we do', fix };
}

function withoutTls({ url, allowInsecureHttp, allowPrivateNetwork }: RemoteServerConfig, name: string): Found {
  const fix = `an https:// ${at(name, 'url')}, and no allowInsecureHttp`;
  if (/^http:/i.test(url)) {
    return { status: allowPrivateNetwork ? 'warn' : 'fail', what: 'its URL begins with http://', fix };
  }
  return allowInsecureHttp ? { what: 'allowInsecureHttp lets it be called without', fix } : undefined;
}

/** Long, of one piece, with letters and digits mixed: random, or an id at least. */
const KEY_LIKE = /^(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9+/_=-]{32,}$/;

function keyLikeHeader({ headers }: RemoteServerConfig, name: string): Found {
  const header = Object.keys(headers).find((key) => KEY_LIKE.test(headers[key] ?? ''));
  if (header === undefined) return undefined;
  return {
    what: `the value of ${header} does, and lands in the deployment`,
    fix: `${at(name, 'auth')}: { "type": "header", "name": "${header}", "secret": "${name}-key" } instead`,
  };
}
