import type { RemoteServerConfig } from '../../../config/schema.ts';
import { LAMBDA_RESPONSE_MAX_BYTES } from '../../../contract/limits.ts';
import { type Check, type Issue, judge, pass, warn } from '../check.ts';
import { at, issuesOf, type Subject } from './subject.ts';

const heading = 'Application';

type Found = Omit<Issue, 'of'> | undefined;

/** Of the circuit's options: from where on it never opens when it should. */
const IDLE_RATIO = 0.95;
const IDLE_THROUGHPUT = 1_000;
const IDLE_FAILURES = 100;
const LONGEST_OPENING_MS = 300_000;
/** JSON in JSON grows: quotes get backslashes. */
const ESCAPING = 1.1;

export const APPLICATION: readonly Check<Subject>[] = [
  {
    id: 'application.circuit',
    heading,
    title: 'Circuits open when a server fails',
    check: (subject) => judge(issuesOf(subject, idleCircuit), 'they do'),
  },
  {
    id: 'application.recovery',
    heading,
    title: 'Circuits close again, gently and soon',
    check: (subject) => judge(issuesOf(subject, harshRecovery), 'they do'),
  },
  {
    id: 'application.sessions',
    heading,
    title: 'Calls at once have a session each',
    check: (subject) =>
      judge(
        issuesOf(subject, ({ pool, maxConcurrency, isolated }, name) =>
          // An environment of an isolated server serves one call.
          isolated || pool.max >= maxConcurrency
            ? undefined
            : {
                what: `${maxConcurrency} calls at once share ${pool.max} sessions, and wait for them`,
                fix: `${at(name, 'pool', 'max')} of ${maxConcurrency}, or a smaller maxConcurrency`,
              },
        ),
        'pool.max is at least maxConcurrency',
      ),
  },
  {
    id: 'application.idempotent',
    heading,
    title: 'It is known which tools may be called again',
    check: (subject) => judge(issuesOf(subject, unknownTools), 'it is, or nothing is retried'),
  },
  {
    id: 'application.trusted',
    heading,
    title: 'A server whose annotations are believed has pinned tools',
    check: (subject) =>
      judge(
        issuesOf(subject, ({ trusted, toolPinning }, name) =>
          !trusted || toolPinning !== 'off'
            ? undefined
            : {
                what: 'trusted, and it may change what its tools say of themselves at any time',
                fix: `${at(name, 'toolPinning')}: "block" and fusebox approve ${name} --write; or "trusted": false and tools.overrides`,
              },
        ),
        'none is believed without',
      ),
  },
  {
    id: 'application.result-size',
    heading,
    title: 'The largest result fits the answer of a function',
    check: ({ config: { limits } }) => {
      const most = Math.floor(LAMBDA_RESPONSE_MAX_BYTES / ESCAPING);
      if (limits.maxResultBytes <= most) return pass(`${limits.maxResultBytes} bytes`);
      return warn(
        `${limits.maxResultBytes} bytes, once escaped, can pass Lambda's ${LAMBDA_RESPONSE_MAX_BYTES}`,
        `limits.maxResultBytes of at most ${most}`,
      );
    },
  },
  {
    id: 'application.cache-scope',
    heading,
    title: 'No caller gets what was answered to another',
    check: (subject) =>
      judge(
        issuesOf(subject, ({ cache }, name) =>
          cache.scope === 'private'
            ? undefined
            : {
                what: 'answers are shared by all callers',
                fix: `${at(name, 'cache', 'scope')}: "private", unless its answers are the same for everybody`,
              },
        ),
        'answers are kept for their caller alone',
      ),
  },
  {
    id: 'application.transport',
    heading,
    title: 'Servers speak a current transport',
    check: (subject) =>
      judge(
        issuesOf(subject, ({ type }, name) =>
          type === 'http'
            ? undefined
            : {
                what: 'HTTP+SSE of 2024-11-05 is deprecated, and loses calls when its stream breaks',
                fix: `ask its vendor for Streamable HTTP, then ${at(name, 'type')}: "http" and the new URL`,
              },
        ),
        'Streamable HTTP',
      ),
  },
];

function idleCircuit({ circuitBreaker }: RemoteServerConfig, name: string): Found {
  const { failureRatio, minimumThroughput, consecutiveFailures } = circuitBreaker;
  const own = (key: string) => at(name, 'circuitBreaker', key);
  const status = 'fail';
  if (failureRatio >= IDLE_RATIO) {
    return { status, what: `it opens when ${failureRatio * 100} % fail`, fix: `${own('failureRatio')} of 0.5` };
  }
  if (minimumThroughput > IDLE_THROUGHPUT) {
    const what = `the ratio says nothing below ${minimumThroughput} calls in the window`;
    return { status, what, fix: `${own('minimumThroughput')} of 20` };
  }
  if (consecutiveFailures <= IDLE_FAILURES) return undefined;
  const what = `with few calls it opens after ${consecutiveFailures} failures in a row`;
  return { status, what, fix: `${own('consecutiveFailures')} of 5` };
}

function harshRecovery({ circuitBreaker }: RemoteServerConfig, name: string): Found {
  const { openDurationMs, maxOpenDurationMs, rampDurationMs } = circuitBreaker;
  const own = (key: string) => at(name, 'circuitBreaker', key);
  if (maxOpenDurationMs > LONGEST_OPENING_MS) {
    const what = `a server that is back may not be called for ${maxOpenDurationMs} ms`;
    return { what, fix: `${own('maxOpenDurationMs')} of at most ${LONGEST_OPENING_MS}` };
  }
  if (maxOpenDurationMs < openDurationMs) {
    const what = `maxOpenDurationMs ${maxOpenDurationMs} is less than openDurationMs ${openDurationMs}`;
    return { what, fix: `${own('maxOpenDurationMs')} of ${openDurationMs} or more` };
  }
  if (rampDurationMs > 0) return undefined;
  const what = 'all traffic returns at once to a server that has just come back';
  return { what, fix: `${own('rampDurationMs')} of 3000` };
}

/** After a timeout or a 5xx only what may run twice is tried again. */
function unknownTools({ retry, trusted, tools }: RemoteServerConfig, name: string): Found {
  if (retry.maxRetries === 0 || trusted) return undefined;
  if (Object.values(tools.overrides).some(({ idempotent }) => idempotent !== undefined)) return undefined;
  return {
    what: 'no tool is known to be idempotent, so most failures are not retried',
    fix: `${at(name, 'tools', 'overrides')}: { "TOOL": { "idempotent": true } }, or false for those that must not be`,
  };
}
