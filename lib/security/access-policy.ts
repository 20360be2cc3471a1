/** Pure: who may call which tool, and who may operate. */
import type { Principal } from './principal.ts';

/** Lets a principal call what `allow` names. There is no "deny": what no rule allows is not allowed. */
export interface AccessRule {
  /** `role:NAME`, `user:NAME`, `claim:NAME=VALUE` or `*`; `*` in NAME or VALUE stands for any text. */
  readonly principal: string;
  /** `server:tool`, each with `*` for any text. */
  readonly allow: readonly string[];
}

/** Without a policy every caller may call every tool; with one, only what a rule allows. The operator `local` always may. */
export function isAllowed(
  access: readonly AccessRule[] | undefined,
  principal: Principal,
  server: string,
  tool: string,
): boolean {
  return allows(access, principal, (allowed) => matches(allowed.server, server) && matches(allowed.tool, tool));
}

/** May the principal call any tool of the server? */
export function isServerAllowed(
  access: readonly AccessRule[] | undefined,
  principal: Principal,
  server: string,
): boolean {
  return allows(access, principal, (allowed) => matches(allowed.server, server));
}

/** May the principal operate circuits? `operators` has patterns as an {@link AccessRule} has. The operator `local` always may. */
export function isOperator(operators: readonly string[], principal: Principal): boolean {
  return principal.kind === 'local' || operators.some((pattern) => isMeant(pattern, principal));
}

/** May the principal see the server? Operators see them all, whatever they may call. */
export function isServerVisible(
  { access, operators }: { readonly access?: readonly AccessRule[]; readonly operators: readonly string[] },
  principal: Principal,
  server: string,
): boolean {
  return isServerAllowed(access, principal, server) || isOperator(operators, principal);
}

function allows(
  access: readonly AccessRule[] | undefined,
  principal: Principal,
  covers: (allowed: { server: string; tool: string }) => boolean,
): boolean {
  if (access === undefined || principal.kind === 'local') return true;
  return access.some((rule) => isMeant(rule.principal, principal) && rule.allow.map(parseAllowed).some(covers));
}

/** A server's name holds no colon, a tool's may. */
function parseAllowed(allowed: string): { server: string; tool: string } {
  const colon = allowed.indexOf(':');
  return { server: allowed.slice(0, colon), tool: allowed.slice(colon + 1) };
}

function isMeant(pattern: string, principal: Principal): boolean {
  if (pattern === '*') return true;
  const colon = pattern.indexOf(':');
  const [kind, rest] = [pattern.slice(0, colon), pattern.slice(colon + 1)];
  if (kind === 'claim') return hasClaim(principal, rest);
  return (kind === 'role' || kind === 'user') && kind === principal.kind && matches(rest, principal.name);
}

function hasClaim({ claims }: Principal, pattern: string): boolean {
  const equals = pattern.indexOf('=');
  const name = pattern.slice(0, equals);
  if (equals < 1 || !Object.hasOwn(claims, name)) return false;
  return claimValues(name, claims[name]).some((value) => matches(pattern.slice(equals + 1), value));
}

/**
 * API Gateway writes a list as the text `[a b]`, so values with blanks in them cannot be told apart: do not give rights by
 * such a claim. `scope` is a list with blanks by RFC 8693.
 */
function claimValues(name: string, claim: unknown): string[] {
  if (Array.isArray(claim)) return claim.filter((value) => typeof value === 'string');
  if (typeof claim !== 'string') return typeof claim === 'number' || typeof claim === 'boolean' ? [String(claim)] : [];
  const list = /^\[(.*)\]$/s.exec(claim)?.[1] ?? (name === 'scope' ? claim : undefined);
  return list === undefined ? [claim] : list.split(/[\s,]+/).filter((value) => value !== '');
}

/** `*` stands for any text, also none. Linear, whatever the pattern. */
function matches(pattern: string, text: string): boolean {
  const [first = '', ...others] = pattern.split('*');
  const last = others.pop();
  if (last === undefined) return pattern === text;
  if (!text.startsWith(first)) return false;
  let from = first.length;
  for (const part of others) {
    const at = text.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return text.length - last.length >= from && text.endsWith(last);
}
