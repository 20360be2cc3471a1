import { Asker, AskFailure, unlessMissing } from '../../../lib/cli/doctor/stack/asking.ts';

/** A request that ends when the test says so. */
const request = () => Promise.withResolvers<string>();
const settled = () => new Promise((resolve) => setImmediate(resolve));

it('sends at most eight requests at once, and each next one when one ends, however it ends', async () => {
  const asker = new Asker();
  const requests = Array.from({ length: 20 }, request);
  let sent = 0;
  const answers = requests.map(({ promise }) =>
    asker.ask('s3:List', () => {
      sent += 1;
      return promise;
    }),
  );
  const all = Promise.allSettled(answers);
  await settled();
  expect(sent).toBe(8);
  requests[0]?.resolve('first');
  requests[5]?.reject(new Error('second'));
  await settled();
  expect([sent, asker.answered]).toEqual([10, 2]);
  for (const { resolve } of requests) resolve('other');
  await all;
  expect([sent, asker.answered]).toEqual([20, 20]);
  await expect(answers[0]).resolves.toBe('first');
  await expect(answers[5]).rejects.toThrow(AskFailure);
});

const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });

it('gives each request a signal that ends it, and says so when it did', async () => {
  const late = new Asker().ask('kms:Get', ({ abortSignal }) => {
    expect(abortSignal.aborted).toBe(false);
    return Promise.reject(named('AbortError', 'Request aborted'));
  });
  await expect(late).rejects.toMatchObject({ action: 'kms:Get', code: 'Timeout', message: 'no answer within 15 s' });
});

it('takes what is not there for nothing, and nothing else', async () => {
  const ask = (name: string) => new Asker().ask('a:b', () => Promise.reject(named(name, 'no')));
  expect(await unlessMissing(ask('ResourceNotFoundException'))).toBeUndefined();
  await expect(unlessMissing(ask('AccessDenied'))).rejects.toMatchObject({ code: 'AccessDenied' });
});
