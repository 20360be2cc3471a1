/** The checks of what is deployed. Loaded only where somebody asks for them: AWS's clients are large. */
import type { FuseboxConfig } from '../../../config/schema.ts';
import { withProgress } from '../../output.ts';
import { type Check, type Finding, fail, type Line, lineOf, runChecks, skipChecks } from '../check.ts';
import { Asker, AskFailure } from './asking.ts';
import { type Clients, createClients, destroyClients } from './clients.ts';
import type { Facts } from './facts.ts';
import { STACK_INFRASTRUCTURE, STACK_STATUS } from './infrastructure.ts';
import { STACK_MONITORING } from './monitoring.ts';
import { readFacts } from './read-facts.ts';
import { readStack } from './read-stack.ts';
import { STACK_MAINTENANCE, STACK_SECURITY } from './safekeeping.ts';

/** Every check of a stack that could be found. */
export const STACK_CHECKS: readonly Check<Facts>[] = [
  ...STACK_MONITORING,
  ...STACK_INFRASTRUCTURE,
  ...STACK_MAINTENANCE,
  ...STACK_SECURITY,
];

export interface StackOptions {
  /** undefined: it is not valid. */
  readonly config: FuseboxConfig | undefined;
  /** @default `Fusebox-<stage>` */
  readonly name: string | undefined;
  /** @default `deploy.region`, else that of the AWS CLI */
  readonly region: string | undefined;
  readonly nowMs: number;
}

export async function checkStack(options: StackOptions): Promise<Line[]> {
  const { config, region = config?.deploy.region ?? undefined } = options;
  if (config === undefined) {
    return skipChecks(
      [STACK_STATUS, ...STACK_CHECKS],
      'it is compared with the configuration',
      'mend what fails first',
    );
  }
  const clients = createClients(region);
  const asker = new Asker();
  try {
    const label = () => `asking AWS of ${nameOf(options, config)} (${asker.answered} answers)`;
    return await withProgress(label, lines(options, config, clients, asker));
  } finally {
    destroyClients(clients);
  }
}

const nameOf = ({ name }: StackOptions, { deploy }: FuseboxConfig): string => name ?? `Fusebox-${deploy.stage}`;

async function lines(options: StackOptions, config: FuseboxConfig, clients: Clients, asker: Asker): Promise<Line[]> {
  const name = nameOf(options, config);
  try {
    const stack = await readStack(name, clients, asker);
    const facts = await readFacts({ config, stack, nowMs: options.nowMs, clients, asker });
    return [lineOf(STACK_STATUS, STACK_STATUS.check(stack)), ...runChecks(STACK_CHECKS, facts)];
  } catch (error) {
    if (!(error instanceof AskFailure)) throw error;
    const reason = 'the stack could not be looked at';
    return [lineOf(STACK_STATUS, refusal(name, error)), ...skipChecks(STACK_CHECKS, reason, 'what stack.status says')];
  }
}

/** What the one failure of the first request means. */
function refusal(name: string, { action, code, message }: AskFailure): Finding {
  if (code === 'CredentialsProviderError') {
    return fail('there are no AWS credentials', 'sign in (aws sso login, aws login), or set AWS_PROFILE');
  }
  if (message === 'Region is missing') {
    return fail('there is no AWS region', '--region, AWS_REGION, or deploy.region in the configuration');
  }
  if (code === 'ValidationError' && message.includes('does not exist')) {
    const fix = 'deploy it (npx cdk deploy -c config=FILE), or say its name and region: --stack NAME --region REGION';
    return fail(`there is no stack "${name}" in this account and region`, fix);
  }
  if (/AccessDenied|NotAuthorized|Unauthorized/i.test(code)) {
    return fail(
      `${action}: ${code}: ${message}`,
      `let the one who runs this call ${action}, or run it as somebody who may`,
    );
  }
  return fail(
    `${action}: ${code}: ${message}`,
    'see that AWS is in reach, and that the credentials are good: aws sts get-caller-identity',
  );
}
