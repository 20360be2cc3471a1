import type { APIGatewayEventRequestContextIAMAuthorizer } from 'aws-lambda';
import { LOCAL_CALLER_HEADER } from '../../contract/routes.ts';
import { PSEUDO_PARAMETERS } from '../assembly/intrinsics.ts';
import { LocalRunError } from '../errors.ts';

const ACCOUNT = PSEUDO_PARAMETERS['AWS::AccountId'];
/** Of the parts that are played: nothing in it is the operator of the local run. */
const PLAYED_ACCOUNT = '111111111111';

/** What API Gateway's JWT authoriser says, as far as we read it. */
interface JwtAuthorizer {
  readonly jwt: { readonly claims: Readonly<Record<string, string>>; readonly scopes: null };
}

export type CallerAuthorizer = APIGatewayEventRequestContextIAMAuthorizer | JwtAuthorizer;

/** IAM's own rule for the names of roles and users. */
const NAME = /^[\w+=,.@-]{1,64}$/;

/**
 * Who calls, as an authoriser would say it. On one machine that is the operator `local`, whatever guards the route, unless the caller
 * plays another part: it can only have less to say then.
 *
 * @param as `role:NAME`, `user:NAME` or `claim:NAME=VALUE`
 * @throws LocalRunError for anything else
 */
export function callerOf(as: string | undefined): CallerAuthorizer {
  if (as === undefined) return iam(`arn:aws:iam::${ACCOUNT}:user/local`, ACCOUNT);
  const [, kind, name = ''] = /^(role|user|claim):(.+)$/s.exec(as) ?? [];
  if (kind === 'role' && NAME.test(name)) {
    return iam(`arn:aws:sts::${PLAYED_ACCOUNT}:assumed-role/${name}/local`, PLAYED_ACCOUNT);
  }
  if (kind === 'user' && NAME.test(name)) return iam(`arn:aws:iam::${PLAYED_ACCOUNT}:user/${name}`, PLAYED_ACCOUNT);
  const [, claim, value] = kind === 'claim' ? (/^([^=]+)=(.+)$/s.exec(name) ?? []) : [];
  if (claim !== undefined && value !== undefined) {
    return { jwt: { claims: { sub: 'local', [claim]: value }, scopes: null } };
  }
  throw new LocalRunError(
    `${LOCAL_CALLER_HEADER}: found ${JSON.stringify(as.slice(0, 64))}; allowed: role:NAME, user:NAME or claim:NAME=VALUE`,
  );
}

function iam(userArn: string, accountId: string): APIGatewayEventRequestContextIAMAuthorizer {
  return {
    iam: {
      accessKey: 'local',
      accountId,
      callerId: 'local',
      cognitoIdentity: null,
      principalOrgId: 'local',
      userArn,
      userId: 'local',
    },
  };
}
