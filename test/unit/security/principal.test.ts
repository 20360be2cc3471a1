import { type Principal, principalFromAuthorizer } from '../../../lib/security/principal.ts';

const iam = (userArn: unknown) => ({ iam: { userArn } });
const account = '123456789012';

const known: [string, unknown, Principal][] = [
  [
    'a role, whatever its session',
    iam('arn:aws:sts::123456789012:assumed-role/agents-search/any@session'),
    { kind: 'role', name: 'agents-search', account, claims: {} },
  ],
  [
    'a role of another partition',
    iam('arn:aws-us-gov:sts::123456789012:assumed-role/agents/s'),
    { kind: 'role', name: 'agents', account, claims: {} },
  ],
  ['a user', iam('arn:aws:iam::123456789012:user/ann'), { kind: 'user', name: 'ann', account, claims: {} }],
  [
    'a user with a path',
    iam('arn:aws:iam::123456789012:user/team/a/ann'),
    { kind: 'user', name: 'ann', account, claims: {} },
  ],
  ['the account itself', iam('arn:aws:iam::123456789012:root'), { kind: 'user', name: 'root', account, claims: {} }],
  [
    'a federated user, told apart from a user',
    iam('arn:aws:sts::123456789012:federated-user/ann'),
    { kind: 'user', name: 'federated-user/ann', account, claims: {} },
  ],
  [
    'the local operator',
    iam('arn:aws:iam::000000000000:user/local'),
    { kind: 'local', name: 'local', account: '000000000000', claims: {} },
  ],
  [
    'a token',
    { jwt: { claims: { sub: 'u-1', groups: '[a b]' }, scopes: null } },
    { kind: 'jwt', name: 'u-1', claims: { sub: 'u-1', groups: '[a b]' } },
  ],
];

const unknown: [string, unknown][] = [
  ['nothing', undefined],
  ['null', null],
  ['an empty authoriser', {}],
  ['an empty iam', { iam: null }],
  ['an ARN of another service', iam('arn:aws:s3:::bucket')],
  ['a role without a session', iam('arn:aws:sts::123456789012:assumed-role/agents')],
  ['a role with too many parts', iam('arn:aws:sts::123456789012:assumed-role/a/b/c')],
  ['no account', iam('arn:aws:iam:::user/ann')],
  ['no text', iam(7)],
  ['a token without a subject', { jwt: { claims: { groups: '[a]' } } }],
  ['a token with an empty subject', { jwt: { claims: { sub: '' } } }],
];

describe('principalFromAuthorizer', () => {
  it.each(known)('recognises %s', (_name, authorizer, principal) => {
    expect(principalFromAuthorizer(authorizer)).toEqual(principal);
  });

  it.each(unknown)('takes %s for nobody', (_name, authorizer) => {
    expect(principalFromAuthorizer(authorizer)).toBeUndefined();
  });
});
