import middyCore from '@middy/core';
import { callDeadline } from '../../../lib/middleware/call-deadline.ts';
import { lambdaContext } from '../../helpers/http-border.ts';

const NOW = 1_000_000;

async function deadlineOf(limitMs: number, remainingMs: number, marginMs?: number): Promise<number> {
  const margin = marginMs === undefined ? {} : { marginMs };
  const context = { ...lambdaContext(remainingMs), deadlineAtMs: 0 };
  await middyCore(() => undefined).use(callDeadline({ limitMs: () => limitMs, now: () => NOW, ...margin }))(
    {},
    context,
  );
  return context.deadlineAtMs;
}

it.each([
  ['the limit', 5_000, 29_000, 1_005_000],
  ['what Lambda leaves, less half a second', 28_000, 20_000, 1_019_500],
  ['a time already past, where Lambda leaves less than the margin', 28_000, 100, 999_600],
])('is %s', async (_, limitMs, remainingMs, expected) => {
  await expect(deadlineOf(limitMs, remainingMs)).resolves.toBe(expected);
});

it('takes a margin of the user', async () => {
  await expect(deadlineOf(28_000, 20_000, 2_000)).resolves.toBe(1_018_000);
});

it('asks for the limit anew for each event', async () => {
  const context = { ...lambdaContext(), deadlineAtMs: 0 };
  const handler = middyCore<{ ms: number }, number>()
    .use(callDeadline<{ ms: number }>({ limitMs: ({ ms }) => ms, now: () => NOW }))
    .handler(async (_event, { deadlineAtMs }) => deadlineAtMs);
  await expect(handler({ ms: 1 }, context)).resolves.toBe(1_000_001);
  await expect(handler({ ms: 2 }, context)).resolves.toBe(1_000_002);
});

it('takes one limit for all events', async () => {
  const context = { ...lambdaContext(), deadlineAtMs: 0 };
  await middyCore(() => undefined).use(callDeadline({ limitMs: 700, now: () => NOW }))({}, context);
  expect(context.deadlineAtMs).toBe(1_000_700);
});
