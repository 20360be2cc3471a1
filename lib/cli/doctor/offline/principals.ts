/** Do access rules and operators mean anybody, and any server? */
import type { FuseboxConfig } from '../../../config/schema.ts';
import { isToolAllowed } from '../../../mcp/tool-policy.ts';
import type { Issue } from '../check.ts';
import { serversOf } from './subject.ts';

/** Rules for servers that are not there, and servers that no rule is for. */
export function unknownServers(config: FuseboxConfig): Issue[] {
  const names = serversOf(config).map(([name]) => name);
  const patterns = (config.access ?? []).flatMap(({ allow }) => allow).map((text) => text.slice(0, text.indexOf(':')));
  const useless = [...new Set(patterns)].filter((pattern) => !names.some((name) => isMeant(pattern, name)));
  const unreachable =
    config.access === undefined ? [] : names.filter((name) => !patterns.some((p) => isMeant(p, name)));
  return [
    ...useless.map((pattern) => ({
      of: 'access',
      what: `"${pattern}" is no server`,
      fix: `one of ${names.join(', ')}; or take it out`,
    })),
    ...unreachable.map((name) => ({
      of: name,
      what: 'no access rule is for it, so nobody may call it',
      fix: `"${name}:*", or single tools of it, in an access rule's "allow"`,
    })),
  ];
}

/** `*` stands for any text, as it does in names of tools. */
const isMeant = (pattern: string, name: string): boolean =>
  isToolAllowed(name, { allow: [pattern], deny: [], overrides: {} });

/** IAM callers are roles and users; callers with a token are claims. */
export function uselessPrincipals({ access = [], operators, deploy }: FuseboxConfig): Issue[] {
  const useless = deploy.auth === 'jwt' ? /^(role|user):/ : /^claim:/;
  const kinds = deploy.auth === 'jwt' ? '"claim:NAME=VALUE"' : '"role:NAME" or "user:NAME"';
  const look = (of: string, principals: readonly string[]): Issue[] =>
    principals
      .filter((principal) => useless.test(principal))
      .map((principal) => ({
        of,
        what: `"${principal}" is nobody, because deploy.auth is "${deploy.auth}"`,
        fix: `${kinds} there, or another deploy.auth`,
      }));
  const principals = access.map(({ principal }) => principal);
  return [...look('access', principals), ...look('operators', operators)];
}
