import { ENVIRONMENT } from '../../../contract/environment.ts';
import { type Check, fail, type Issue, judge, listed, notChecked, pass, warn } from '../check.ts';
import type { Facts, FunctionFact, Part, StackState } from './facts.ts';
import { judgeEach, partCheck, READABLE_ID, REDEPLOY } from './part-check.ts';

const heading = 'Infrastructure';

const RUNTIME = 'nodejs24.x';
/** Lambda lets nobody reserve the last of them. */
const KEPT_UNRESERVED = 100;

/** Has a line also where nothing else has: it says why. */
export const STACK_STATUS: Check<StackState> = {
  id: 'stack.status',
  heading,
  title: 'The stack is deployed, and whole',
  check: ({ name, status }) => {
    if (/^(CREATE|UPDATE|IMPORT)_COMPLETE$/.test(status)) return pass(`${name}: ${status}`);
    const events = `aws cloudformation describe-stack-events --stack-name ${name}`;
    if (status === 'UPDATE_ROLLBACK_COMPLETE') {
      return warn(
        `${name}: ${status}: what runs is what ran before the last deployment`,
        `${events}, then deploy again`,
      );
    }
    return status.endsWith('_IN_PROGRESS')
      ? fail(`${name}: ${status}`, 'look again when it is done')
      : fail(`${name}: ${status}`, `${events}, mend what failed first, and deploy again`);
  },
};

export const STACK_INFRASTRUCTURE: readonly Check<Facts>[] = [
  {
    id: READABLE_ID,
    heading,
    title: 'Everything of the stack may be looked at',
    check: (facts) => {
      const parts = Object.values(facts).filter(isFailedPart);
      if (parts.length === 0) return pass('it may');
      const reasons = new Set(parts.map(({ action, problem }) => `${action}: ${problem}`));
      const actions = [...new Set(parts.map(({ action }) => action))].join(', ');
      return fail(listed([...reasons]), `let the one who runs this call ${actions}, or run it as somebody who may`);
    },
  },
  {
    id: 'stack.drift',
    heading,
    title: 'Nobody has changed by hand what was deployed',
    check: ({ stack: { name, drift } }) => {
      const look = `aws cloudformation detect-stack-drift --stack-name ${name}`;
      if (drift === 'IN_SYNC') return pass(drift);
      return drift === 'DRIFTED' ? warn(drift, REDEPLOY) : notChecked('CloudFormation has not looked', look);
    },
  },
  partCheck({ id: 'stack.runtime', heading, title: `Functions run ${RUNTIME}`, part: 'functions' }, (functions) =>
    judgeEach(functions, 'function', ({ name, runtime }) =>
      runtime === RUNTIME ? undefined : { of: name, what: runtime, fix: `update mcp-fusebox, and ${REDEPLOY}` },
    ),
  ),
  partCheck(
    { id: 'stack.tracing', heading, title: 'Functions are traced as configured', part: 'functions' },
    (functions, { config: { deploy } }) =>
      judgeEach(functions, 'function', ({ name, traced }) =>
        traced === deploy.tracing
          ? undefined
          : {
              of: name,
              what: `${traced ? 'traced' : 'not traced'}, and deploy.tracing is ${deploy.tracing}`,
              fix: REDEPLOY,
            },
      ),
  ),
  partCheck(
    {
      id: 'stack.reserved',
      heading,
      title: 'Isolated servers have the environments that they are to have',
      part: 'functions',
    },
    (functions, { config }) =>
      judge(
        Object.entries(config.mcpServers)
          .filter(([, { isolated }]) => isolated)
          .flatMap(([server, { maxConcurrency }]) => unreserved(server, maxConcurrency, functions)),
        'they have, or there is none',
      ),
  ),
  partCheck(
    {
      id: 'stack.account',
      heading,
      title: 'The account can run what the stack reserves, and the rest',
      part: 'account',
    },
    ({ limit, unreserved: left }) => {
      const found = `${left} of ${limit} environments are not reserved`;
      const fix =
        'ask for a higher quota "Concurrent executions" of Lambda: aws service-quotas request-service-quota-increase';
      if (limit < KEPT_UNRESERVED) return fail(`${found}: that of a new account, which serves few callers`, fix);
      return left <= KEPT_UNRESERVED ? warn(`${found}, and all shared functions live on those`, fix) : pass(found);
    },
  ),
  partCheck(
    { id: 'stack.deletion', heading, title: 'Tables cannot be deleted by mistake', part: 'tables' },
    (tables, { config: { deploy } }) =>
      deploy.removal === 'destroy'
        ? notChecked('deploy.removal is "destroy"', '"deploy": { "removal": "retain" }')
        : judgeEach(tables, 'table', ({ name, protected: isProtected }) =>
            isProtected ? undefined : { status: 'fail', of: name, what: 'not protected from deletion', fix: REDEPLOY },
          ),
  ),
];

const isFailedPart = (value: unknown): value is Part<unknown> & { readonly ok: false } =>
  typeof value === 'object' && value !== null && 'ok' in value && value.ok === false;

function unreserved(server: string, wanted: number, functions: readonly FunctionFact[]): Issue[] {
  const own = functions.find(({ variables }) => variables[ENVIRONMENT.onlyServer] === server);
  if (own?.reserved === wanted) return [];
  const what =
    own === undefined
      ? 'it has no function of its own'
      : `${own.name} reserves ${own.reserved ?? 'nothing'}, and maxConcurrency is ${wanted}`;
  return [{ status: 'fail', of: server, what, fix: REDEPLOY }];
}
