import { basename, dirname } from 'node:path';
import { notInEffect } from '../../../config/not-in-effect.ts';
import type { RemoteServerConfig } from '../../../config/schema.ts';
import { type Check, counted, fail, type Issue, judge, listed, notChecked, pass, warn } from '../check.ts';
import { addressOf, at, issuesOf, type Subject, type Surroundings, serversOf } from './subject.ts';

const heading = 'Configuration';

/** Stands for the faults, where there are none. */
export const VALID_ID = 'configuration.valid';

export const EXPLICIT_FILE: Check<Surroundings> = {
  id: 'configuration.explicit-file',
  heading,
  title: 'The configuration is a file of the project',
  check: ({ source }) => {
    const fix = 'fusebox init writes a fusebox.json; a deployment takes it as -c config=fusebox.json';
    if (source === undefined) return notChecked('it cannot be read', 'what fails above');
    if (source.kind === 'built-in') return fail('there is no configuration file', fix);
    if (source.kind === 'environment') return fail(`it comes from ${source.label}`, fix);
    if (basename(dirname(source.label)) === '.mcp') {
      return warn(`${source.label} is of one person`, 'put a fusebox.json beside the code, and name it with --config');
    }
    return pass(source.label);
  },
};

const MAX_RETRIES = 3;
const MAX_BUDGET_RATIO = 0.3;

export const CONFIGURATION: readonly Check<Subject>[] = [
  {
    id: VALID_ID,
    heading,
    title: 'The configuration is valid and can be deployed',
    check: ({ config }) => {
      const count = serversOf(config).length;
      if (count > 0) return pass(counted(count, 'server'));
      return fail('it has no server that is served', 'add one under mcpServers');
    },
  },
  {
    id: 'configuration.own-form',
    heading,
    title: 'The file is in the form of mcp-fusebox',
    check: ({ warnings, document }) => {
      const unused = notInEffect(document);
      const notes = warnings.filter((warning) => !unused.includes(warning));
      if (notes.length === 0) return pass('nothing had to be translated');
      return warn(listed(notes), 'fusebox import FILE --out fusebox.json, and keep that file');
    },
  },
  {
    id: 'configuration.in-effect',
    heading,
    title: 'Every option has an effect',
    check: ({ document }) => {
      const unused = notInEffect(document);
      return unused.length === 0 ? pass('all do') : warn(listed(unused), 'take it out, until a version knows it');
    },
  },
  {
    id: 'configuration.stage',
    heading,
    title: 'The stage is one of production',
    check: ({ config: { deploy } }) =>
      /^(dev|test|local|sandbox|demo)/i.test(deploy.stage)
        ? warn(`deploy.stage is "${deploy.stage}"`, '"deploy": { "stage": "prod" } in the file that goes to production')
        : pass(deploy.stage),
  },
  {
    id: 'configuration.region',
    heading,
    title: 'The file says its region',
    check: ({ config: { deploy } }) =>
      deploy.region === null
        ? warn('it goes wherever the shell of the deployment points', '"deploy": { "region": "eu-west-1" }, or yours')
        : pass(deploy.region),
  },
  {
    id: 'configuration.deadline',
    heading,
    title: 'Attempts fit the deadline of a call',
    check: (subject) => {
      const { deadlineMs } = subject.config.limits;
      return judge(
        issuesOf(subject, (server, name) => tooLong(server, name, deadlineMs)),
        `within ${deadlineMs} ms`,
      );
    },
  },
  {
    id: 'configuration.retries',
    heading,
    title: 'Retries are few, and spread',
    check: (subject) => judge(issuesOf(subject, stormyRetries), 'they cannot become a storm'),
  },
  {
    id: 'configuration.slow-after',
    heading,
    title: 'A slow call is slow before it times out',
    check: (subject) =>
      judge(
        issuesOf(subject, ({ circuitBreaker: { slowAfterMs }, timeoutMs }, name) =>
          slowAfterMs === null || slowAfterMs < timeoutMs
            ? undefined
            : {
                what: `slowAfterMs ${slowAfterMs} is not below timeoutMs ${timeoutMs}: no call is ever slow`,
                fix: `${at(name, 'circuitBreaker', 'slowAfterMs')}: null, which is a quarter of the timeout`,
              },
        ),
        'slowAfterMs is below timeoutMs',
      ),
  },
  {
    id: 'configuration.duplicates',
    heading,
    title: 'No server is there twice',
    check: (subject) => judge(duplicates(subject), 'each has a URL of its own'),
  },
];

function tooLong(
  { timeoutMs, retry: { maxRetries }, tools }: RemoteServerConfig,
  name: string,
  deadlineMs: number,
): Omit<Issue, 'of'> | undefined {
  const overrides = Object.values(tools.overrides).map((override) => override.timeoutMs ?? 0);
  const longest = Math.max(timeoutMs, ...overrides);
  if (longest > deadlineMs) {
    const fix = `${at(name, 'timeoutMs')} of at most ${deadlineMs}, tools.overrides too; or a longer limits.deadlineMs`;
    return { status: 'fail', what: `an attempt of ${longest} ms is cut off at ${deadlineMs} ms`, fix };
  }
  const attempts = maxRetries + 1;
  if (longest * attempts <= deadlineMs) return undefined;
  return {
    what: `${attempts} attempts of ${longest} ms take ${longest * attempts} ms, and a call has ${deadlineMs} ms`,
    fix: `${at(name, 'timeoutMs')} of at most ${Math.floor(deadlineMs / attempts)}, or a smaller ${at(name, 'retry', 'maxRetries')}`,
  };
}

function stormyRetries({ retry }: RemoteServerConfig, name: string): Omit<Issue, 'of'> | undefined {
  const { maxRetries, budgetRatio, jitter } = retry;
  const own = (key: string) => at(name, 'retry', key);
  if (maxRetries > MAX_RETRIES) {
    return { what: `${maxRetries} retries`, fix: `${own('maxRetries')} of at most ${MAX_RETRIES}` };
  }
  if (maxRetries > 0 && budgetRatio > MAX_BUDGET_RATIO) {
    const what = `${budgetRatio} retries for each success are load that a failing server gets on top`;
    return { what, fix: `${own('budgetRatio')} of at most ${MAX_BUDGET_RATIO}` };
  }
  if (maxRetries === 0 || jitter !== 'none') return undefined;
  return { what: 'without jitter all retry at once', fix: `${own('jitter')}: "full"` };
}

function duplicates(subject: Subject): Issue[] {
  const seen = new Map<string, string>();
  return issuesOf(subject, (server, name) => {
    const address = addressOf(server)?.href;
    const first = address === undefined ? undefined : seen.get(address);
    if (address !== undefined && first === undefined) seen.set(address, name);
    if (first === undefined) return undefined;
    const fix = `take ${at(name)} out, or give it a URL of its own`;
    return { what: `it has the URL of "${first}", and a circuit that knows nothing of that one's`, fix };
  });
}
