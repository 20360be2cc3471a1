/** A deployment creates secrets empty, and Secrets Manager tries testSecret when it is given their schedule: that set off the alarm. */
import { rotateSecret } from '../../lib/mcp/rotate-secret.ts';

/** @param values by stage */
function tried(Step: string, values: Record<string, string>) {
  const probed: string[] = [];
  const promoted: string[] = [];
  const versions = {
    stages: async () => new Map([['new', ['AWSPENDING']]]),
    read: async (_: string, { stage }: { stage: string }) => values[stage],
    putPending: async () => {},
    promote: async (_: string, id: string) => void promoted.push(id),
  };
  const done = rotateSecret(
    { Step, SecretId: 'search-token', ClientRequestToken: 'new' },
    { versions, issue: async () => 'issued', probe: async (value) => void probed.push(value) },
  );
  return { done, probed, promoted };
}

it('a secret without any value passes the trial, and no server is asked', async () => {
  const { done, probed } = tried('testSecret', {});
  await expect(done).resolves.toBeUndefined();
  expect(probed).toEqual([]);
});

it('but is never promoted', async () => {
  const { done, promoted } = tried('finishSecret', {});
  await expect(done).rejects.toThrow('the pending version has no value');
  expect(promoted).toEqual([]);
});

it('where there is a current value, a pending version without one fails', async () => {
  const { done, probed } = tried('testSecret', { AWSCURRENT: 'old' });
  await expect(done).rejects.toThrow('the pending version has no value');
  expect(probed).toEqual([]);
});
