/** Who calls, as the access policy sees it. */
export interface Principal {
  readonly kind: 'role' | 'user' | 'jwt' | 'local';
  /** The role's or user's name, a token's `sub`; `local` for the operator of a local run. */
  readonly name: string;
  /** AWS account of a role or user. */
  readonly account?: string;
  /** Claims of a token, as API Gateway passes them on; empty for others. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** No AWS account has this number: the local run's gateway uses it, and nothing that AWS has verified can. */
const LOCAL_ACCOUNT = '000000000000';

/**
 * The caller that API Gateway's authoriser has verified (`requestContext.authorizer` of an HTTP API's event, payload
 * format 2.0); `undefined` where there is none, or of a kind that is not known.
 */
export function principalFromAuthorizer(authorizer: unknown): Principal | undefined {
  const arn = recordOf(recordOf(authorizer)['iam'])['userArn'];
  if (typeof arn === 'string') return fromArn(arn);
  const claims = recordOf(recordOf(recordOf(authorizer)['jwt'])['claims']);
  const subject = claims['sub'];
  return typeof subject === 'string' && subject !== '' ? { kind: 'jwt', name: subject, claims } : undefined;
}

/**
 * `assumed-role/NAME/SESSION` is the role NAME, whatever the session: its holder chooses that name. For the same reason a
 * federated user keeps its prefix, which no user's name can have.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
 */
function fromArn(arn: string): Principal | undefined {
  const [, service, account = '', resource = ''] = /^arn:aws[\w-]*:(iam|sts)::(\d{12}):(.+)$/s.exec(arn) ?? [];
  if (service === 'sts') {
    const role = /^assumed-role\/([^/]+)\/[^/]+$/.exec(resource)?.[1];
    if (role !== undefined) return { kind: 'role', name: role, account, claims: {} };
    return /^federated-user\/[^/]+$/.test(resource) ? { kind: 'user', name: resource, account, claims: {} } : undefined;
  }
  // A user's path is no part of its name.
  const user = resource === 'root' ? resource : /^user\/(?:[^/]+\/)*([^/]+)$/.exec(resource)?.[1];
  if (user === undefined) return undefined;
  return { kind: account === LOCAL_ACCOUNT ? 'local' : 'user', name: user, account, claims: {} };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
