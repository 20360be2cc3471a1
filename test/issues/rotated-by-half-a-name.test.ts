/** On one machine a secret was rotated by the schedule of another whose name ends in its own. */
import { RotateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type Run, startRun } from '../helpers/local-run.ts';

const rotation = { everyDays: 30, issuer: { type: 'http', url: 'http://127.0.0.1:9/' } };
let run: Run;
let client: SecretsManagerClient;

beforeAll(async () => {
  run = await startRun({
    rotated: { url: 'http://127.0.0.1:9/mcp', auth: { type: 'bearer', secret: 'search-token', rotation } },
    fixed: { url: 'http://127.0.0.1:9/mcp', auth: { type: 'bearer', secret: 'token' } },
  });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  client = new SecretsManagerClient({
    endpoint: run.local.endpoints.secretsmanager,
    region: 'us-east-1',
    credentials,
    maxAttempts: 1,
  });
}, 30_000);
afterAll(async () => {
  client?.destroy();
  await run?.close();
});

it('a secret without a schedule has none', async () => {
  await expect(client.send(new RotateSecretCommand({ SecretId: 'token' }))).rejects.toThrow(
    'No rotation is configured for this secret.',
  );
});
