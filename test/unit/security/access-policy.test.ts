import {
  type AccessRule,
  isAllowed,
  isOperator,
  isServerAllowed,
  isServerVisible,
} from '../../../lib/security/access-policy.ts';
import type { Principal } from '../../../lib/security/principal.ts';

const role = (name: string): Principal => ({ kind: 'role', name, account: '123456789012', claims: {} });
const user = (name: string): Principal => ({ kind: 'user', name, account: '123456789012', claims: {} });
const token = (claims: Record<string, unknown>): Principal => ({ kind: 'jwt', name: 'u-1', claims });
const local: Principal = { kind: 'local', name: 'local', claims: {} };

const rule = (principal: string, ...allow: string[]): AccessRule[] => [{ principal, allow }];

const table: [string, AccessRule[] | undefined, Principal, string, string, boolean][] = [
  ['no policy allows', undefined, role('a'), 'search', 'find', true],
  ['an empty policy denies', [], role('a'), 'search', 'find', false],
  ['the local operator always may', [], local, 'search', 'find', true],
  ['a rule allows its role', rule('role:a', 'search:find'), role('a'), 'search', 'find', true],
  ['not another role', rule('role:a', 'search:find'), role('b'), 'search', 'find', false],
  ['not a role whose name only begins so', rule('role:a', 'search:find'), role('ab'), 'search', 'find', false],
  ['a pattern of roles', rule('role:agents-*', 'search:*'), role('agents-x'), 'search', 'find', true],
  ['not outside the pattern', rule('role:agents-*', 'search:*'), role('xagents-x'), 'search', 'find', false],
  ['a role is no user', rule('user:a', 'search:*'), role('a'), 'search', 'find', false],
  ['a user', rule('user:a', 'search:*'), user('a'), 'search', 'find', true],
  ['a token is no user', rule('user:*', 'search:*'), token({ sub: 'u-1' }), 'search', 'find', false],
  ['anybody', rule('*', 'search:find'), user('x'), 'search', 'find', true],
  ['another tool', rule('*', 'search:find'), user('x'), 'search', 'delete', false],
  ['another server', rule('*', 'search:*'), user('x'), 'research', 'find', false],
  ['every server', rule('*', '*:find'), user('x'), 'anything', 'find', true],
  ['a pattern of tools', rule('*', 'search:get_*'), user('x'), 'search', 'get_issue', true],
  ['a pattern with text on both sides', rule('*', 'search:get_*_v1'), user('x'), 'search', 'get_issue_v1', true],
  ['both sides may not overlap', rule('*', 'search:ab*ba'), user('x'), 'search', 'aba', false],
  ['several stars', rule('*', 'search:*a*b*'), user('x'), 'search', 'xaxbx', true],
  ['several stars in their order', rule('*', 'search:*a*b*'), user('x'), 'search', 'xbxax', false],
  ['a star may be empty', rule('*', 'search:find*'), user('x'), 'search', 'find', true],
  ['a tool with a colon', rule('*', 'search:ns:find'), user('x'), 'search', 'ns:find', true],
  ['other signs stand for themselves', rule('*', 'search:f.nd'), user('x'), 'search', 'find', false],
  ['a claim', rule('claim:team=red', 'search:*'), token({ team: 'red' }), 'search', 'find', true],
  [
    'a claim of a list',
    rule('claim:groups=analysts', 'search:*'),
    token({ groups: ['x', 'analysts'] }),
    'search',
    'find',
    true,
  ],
  [
    'a list as API Gateway writes it',
    rule('claim:groups=analysts', 'search:*'),
    token({ groups: '[x analysts]' }),
    'search',
    'find',
    true,
  ],
  [
    'not a part of a value',
    rule('claim:groups=analysts', 'search:*'),
    token({ groups: '[x-analysts]' }),
    'search',
    'find',
    false,
  ],
  ['a scope', rule('claim:scope=tools', 'search:*'), token({ scope: 'openid tools' }), 'search', 'find', true],
  [
    'a text with a blank is one value',
    rule('claim:team=red', 'search:*'),
    token({ team: 'red blue' }),
    'search',
    'find',
    false,
  ],
  ['a number', rule('claim:level=3', 'search:*'), token({ level: 3 }), 'search', 'find', true],
  ['a missing claim', rule('claim:team=*', 'search:*'), token({}), 'search', 'find', false],
  ['an inherited name is no claim', rule('claim:constructor=*', 'search:*'), token({}), 'search', 'find', false],
  ['a role has no claims', rule('claim:team=*', 'search:*'), role('team'), 'search', 'find', false],
  ['an unknown kind of principal', rule('group:a', 'search:*'), role('a'), 'search', 'find', false],
  [
    'any rule is enough',
    [...rule('role:b', 'search:*'), ...rule('role:a', 'search:*')],
    role('a'),
    'search',
    'find',
    true,
  ],
];

describe('isAllowed', () => {
  it.each(table)('%s', (_name, access, principal, server, tool, expected) => {
    expect(isAllowed(access, principal, server, tool)).toBe(expected);
  });

  it('takes no longer for a pattern of many stars', () => {
    const pattern = `search:${'*a'.repeat(500)}b`;
    expect(isAllowed(rule('*', pattern), user('x'), 'search', 'a'.repeat(10_000))).toBe(false);
  });
});

describe('isServerAllowed', () => {
  it('asks whether any tool of the server is allowed', () => {
    const access = rule('role:a', 'search:find');
    expect(isServerAllowed(access, role('a'), 'search')).toBe(true);
    expect(isServerAllowed(access, role('a'), 'github')).toBe(false);
    expect(isServerAllowed(access, role('b'), 'search')).toBe(false);
    expect(isServerAllowed(undefined, role('b'), 'search')).toBe(true);
  });
});

describe('isOperator', () => {
  it.each<[string, string[], Principal, boolean]>([
    ['nobody, where none is named', [], role('a'), false],
    ['the local operator always', [], local, true],
    ['a role', ['role:platform'], role('platform'), true],
    ['a pattern of roles', ['role:platform-*'], role('platform-oncall'), true],
    ['not another role', ['role:platform-*'], role('agents'), false],
    ['not a user of that name', ['role:platform'], user('platform'), false],
    ['not a token whose subject is so called', ['role:u-1', 'user:u-1'], token({ sub: 'u-1' }), false],
    ['a claim', ['claim:groups=platform'], token({ groups: '[platform dev]' }), true],
    ['any of them', ['role:x', 'user:ann'], user('ann'), true],
    ['everybody', ['*'], token({}), true],
  ])('%s', (_name, operators, principal, expected) => {
    expect(isOperator(operators, principal)).toBe(expected);
  });
});

describe('isServerVisible', () => {
  it('shows a caller what it may call, and operators everything', () => {
    const config = { access: rule('role:a', 'search:find'), operators: ['role:platform'] };
    expect(isServerVisible(config, role('a'), 'search')).toBe(true);
    expect(isServerVisible(config, role('a'), 'github')).toBe(false);
    expect(isServerVisible(config, role('platform'), 'github')).toBe(true);
  });
});
