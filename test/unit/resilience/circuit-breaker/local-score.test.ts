import { LocalScore } from '../../../../lib/resilience/circuit-breaker/local-score.ts';
import { TUNING } from '../../../../lib/resilience/circuit-breaker/tuning.ts';
import type { Outcome } from '../../../../lib/resilience/outcome.ts';

const SUCCESS: Outcome = { kind: 'success' };
const FAILURE: Outcome = { kind: 'failure' };
const TIMEOUT: Outcome = { kind: 'failure', timedOut: true };
const NO_TIMEOUT: Outcome = { kind: 'failure', timedOut: false };
const IGNORED: Outcome = { kind: 'ignored' };
const THROTTLED: Outcome = { kind: 'throttled' };
const times = (length: number, outcome: Outcome): Outcome[] => Array.from({ length }, () => outcome);

it.each<[string, readonly Outcome[], boolean]>([
  ['nothing', [], false],
  ['one timeout', [TIMEOUT], true],
  ['five failures', times(5, FAILURE), false],
  ['six failures', times(6, FAILURE), true],
  ['five failures that say they are no timeouts', times(5, NO_TIMEOUT), false],
  ['a success among six failures', [...times(5, FAILURE), SUCCESS, FAILURE], false],
  ['a success before six failures', [SUCCESS, ...times(6, FAILURE)], true],
  ['a success after any number of timeouts', [TIMEOUT, TIMEOUT, TIMEOUT, SUCCESS], false],
  ['what says nothing of the server, after a timeout', [TIMEOUT, IGNORED, THROTTLED], true],
  ['what says nothing of the server, after five failures', [...times(5, FAILURE), IGNORED, THROTTLED], false],
])('%s', (_, outcomes, isOpen) => {
  const score = new LocalScore(TUNING);
  for (const outcome of outcomes) score.add(outcome);
  expect(score.isOpen).toBe(isOpen);
});
