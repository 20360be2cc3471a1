/** What functions ask of AWS in a local run with every option, of every route and kind, against what their synthesised roles let them. */
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { PutSecretValueCommand, RotateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { runSimulation } from '@cloud-copilot/iam-simulate';
import type { AwsCall } from '../../lib/local/aws-call.ts';
import { type Run, startRun } from '../helpers/local-run.ts';
import { type Flaky, startFlaky } from '../helpers/mcp-servers.ts';
import { answerJson, type Scripted, startScripted } from '../helpers/scripted-server.ts';
import { ACCOUNT, type Policies, REGION, type Statement, synthesisePolicies } from '../helpers/synthesised-policies.ts';

let flaky: Flaky;
let issuer: Scripted;
let run: Run;
let policies: Policies;
const calls: AwsCall[] = [];

const bearer = (secret: string, rest: object = {}) => ({ type: 'bearer', secret, ...rest });

function servers(url: string, issuerUrl: string): Record<string, object> {
  const rotation = { everyDays: 30, issuer: { type: 'http', url: issuerUrl, secret: 'issuer-key' } };
  const quick = { circuitBreaker: { consecutiveFailures: 1 }, retry: { maxRetries: 0 }, trusted: true };
  return {
    modern: { url, auth: bearer('modern-token', { rotation }), ...quick },
    // Sessions are given back and taken up again with every call.
    legacy: { url, protocol: 'legacy', auth: bearer('legacy-token'), pool: { idleMs: 0 }, ...quick },
    alone: { url, protocol: 'legacy', auth: bearer('alone-token'), isolated: true, maxConcurrency: 2, ...quick },
    // Of these the catalogue alone has to do with the server: nobody has called a tool.
    lost: { url, protocol: 'legacy', ...quick },
    down: { url, protocol: 'legacy', ...quick },
  };
}

/** What of a deployment concerns roles, or means nothing on one machine and must not be in the way there. */
const deploy = {
  vpc: {},
  alarmEmail: 'oncall@example.com',
  auditExport: { destinationArn: 'arn:aws:logs:us-east-1:111122223333:destination:audit' },
};

beforeAll(async () => {
  flaky = await startFlaky({ port: 0 });
  issuer = await startScripted((_, response) => answerJson(response, { token: 'rotated' }));
  const env = {
    PATH: process.env['PATH'] ?? '',
    URL_MODERN: flaky.url,
    URL_LEGACY: flaky.url,
    URL_ALONE: flaky.url,
    URL_LOST: flaky.url,
    URL_DOWN: flaky.url,
    URL_ISSUER: issuer.url,
    MCP_TOKEN_MODERN: 'a',
    MCP_TOKEN_LEGACY: 'b',
    MCP_TOKEN_ALONE: 'c',
  };
  const options = { env, onAwsCall: (call: AwsCall) => calls.push(call) };
  run = await startRun(servers(flaky.url, '${env:URL_ISSUER}'), options, { deploy });
  policies = synthesisePolicies({ mcpServers: servers('https://a.example.com', 'https://i.example.com'), deploy });
  await drive();
}, 90_000);
afterAll(async () => {
  await run?.close();
  await Promise.all([flaky?.close(), issuer?.close()]);
});

const ALL = ['modern', 'legacy', 'alone'];

/** Every route, of servers of both eras, shared and not, with what makes circuits and sessions change. */
async function drive(): Promise<void> {
  const get = (path: string) => fetch(run.local.url + path);
  const send = (method: string, path: string, body?: object) =>
    fetch(run.local.url + path, {
      method,
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
  for (const server of ALL) {
    await run.call(server, 'echo', { text: 'x' });
    await get(`/v1/servers/${server}/tools`);
    // A lost session is taken out of the store, and another is put in.
    flaky.control({ mode: 'lose-sessions' });
    await run.call(server, 'echo', { text: 'x' });
    flaky.control({ mode: 'ok' });
  }
  for (const server of ALL) {
    flaky.control({ mode: '503' });
    for (let i = 0; i < 4; i += 1) await run.call(server, 'append', { item: 'x' });
    await get(`/v1/servers/${server}/tools`);
    flaky.control({ mode: 'ok' });
    const order = { state: 'closed', reason: 'test', forSeconds: 5 };
    await send('PUT', `/v1/servers/${server}/circuit`, order);
  }
  flaky.control({ mode: 'lose-sessions', methods: ['tools/list'], count: 1 });
  await get('/v1/servers/lost/tools');
  flaky.control({ mode: '503', methods: ['tools/list'] });
  await get('/v1/servers/down/tools');
  flaky.control({ mode: 'ok' });
  await get('/v1/servers');
  await get('/v1/health');
  await get('/v1/metrics');
  await checkAll();
  for (const server of ALL) {
    await get(`/v1/servers/${server}`);
    await get(`/v1/servers/${server}/connectivity`);
  }
  await deleteStored(send);
  await rotateOnce();
}

async function checkAll(): Promise<void> {
  const pool = [...run.local.pools].find(([arn]) => arn.includes('healthcheck'))?.[1];
  // Once as it is, and once with every session lost.
  await pool?.invoke('{"now":true}');
  flaky.control({ mode: 'lose-sessions' });
  await pool?.invoke('{"now":true}');
  flaky.control({ mode: 'ok' });
}

async function deleteStored(send: (method: string, path: string) => Promise<Response>): Promise<void> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new DynamoDBClient({ endpoint: run.local.endpoints.dynamodb, region: REGION, credentials });
  const TableName = calls.find(({ resource }) => resource.includes('Records'))?.resource;
  const Item = { pk: { S: 'principal#role:agents' }, sk: { S: '1' } };
  await client.send(new PutItemCommand({ TableName, Item }));
  client.destroy();
  await send('DELETE', '/v1/principals/role%3Aagents/data');
}

async function rotateOnce(): Promise<void> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new SecretsManagerClient({
    endpoint: run.local.endpoints.secretsmanager,
    region: REGION,
    credentials,
  });
  await client.send(new PutSecretValueCommand({ SecretId: 'issuer-key', SecretString: 'key' }));
  await client.send(new RotateSecretCommand({ SecretId: 'modern-token' }));
  client.destroy();
}

interface Asked {
  readonly caller: string;
  readonly action: string;
  readonly resource: string;
  readonly context: Record<string, string>;
}

/** What AWS asks IAM besides, on a caller's behalf. */
function implied({ caller, action, resource }: AwsCall): Asked[] {
  const key = [...(policies.statements.get(caller) ?? [])]
    .flatMap(({ Resource }) => Resource)
    .find((arn) => arn.includes(':kms:'));
  const service = action.split(':')[0] ?? '';
  if (key === undefined || resource === '') return [];
  const ask = (name: string): Asked => ({
    caller,
    action: `kms:${name}`,
    resource: key,
    context: { 'kms:ViaService': `${service}.${REGION}.amazonaws.com` },
  });
  // DynamoDB developer guide, "Encryption at rest: usage notes", on customer managed keys.
  if (service === 'dynamodb') return ['Encrypt', 'Decrypt', 'GenerateDataKey', 'DescribeKey'].map(ask);
  // Secrets Manager user guide, "Secret encryption and decryption".
  if (action === 'secretsmanager:GetSecretValue') return [ask('Decrypt')];
  return action === 'secretsmanager:PutSecretValue' ? [ask('Decrypt'), ask('GenerateDataKey')] : [];
}

/** Lambda writes a function's log with the function's role (Lambda developer guide, "Permissions for logging"). */
function logging(caller: string): Asked[] {
  const group = [...(policies.statements.get(caller) ?? [])]
    .flatMap(({ Resource }) => Resource)
    .find((arn) => arn.includes(':logs:'));
  const resource = `${group?.replace(/:\*$/, '')}:log-stream:2026/11/26/[$LATEST]0`;
  return ['logs:CreateLogStream', 'logs:PutLogEvents'].map((action) => ({ caller, action, resource, context: {} }));
}

/** Lambda gives a function its place in a VPC with the function's role (Lambda developer guide, "Giving functions access to a VPC"). */
function joining(caller: string): Asked[] {
  const resource = (type: string) => `arn:aws:ec2:${REGION}:${ACCOUNT}:${type}`;
  const asked: [string, string][] = [
    ['CreateNetworkInterface', resource('network-interface/*')],
    ['DescribeNetworkInterfaces', '*'],
    ['DescribeSubnets', '*'],
    ['DeleteNetworkInterface', resource('network-interface/eni-0a1b2c3d')],
    ['AssignPrivateIpAddresses', resource('network-interface/eni-0a1b2c3d')],
    ['UnassignPrivateIpAddresses', resource('network-interface/eni-0a1b2c3d')],
  ];
  return asked.map(([action, on]) => ({ caller, action: `ec2:${action}`, resource: on, context: {} }));
}

/** The ARN by which AWS knows the code of a function; what Lambda does itself has none. */
const asCode = (one: Asked): Asked => ({
  ...one,
  context: { ...one.context, 'lambda:SourceFunctionArn': policies.arnOf('lambda', one.caller) },
});

function everythingAsked(): Asked[] {
  const own = calls.filter(({ caller }) => policies.statements.has(caller));
  const asked = own.flatMap((call) => [
    {
      caller: call.caller,
      action: call.action,
      // CloudWatch has no resources.
      resource: call.resource === '' ? '*' : policies.arnOf(call.action.split(':')[0] ?? '', call.resource),
      context: {},
    },
    ...implied(call),
  ]);
  const functions = [...policies.statements.keys()];
  const all = [...asked.map(asCode), ...functions.flatMap(logging), ...functions.flatMap(joining)];
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}

async function isAllowed(
  { caller, action, resource, context }: Asked,
  statements: readonly Statement[],
): Promise<boolean> {
  const result = await runSimulation(
    {
      request: {
        principal: `arn:aws:sts::${ACCOUNT}:assumed-role/${caller.slice(0, 60)}/session`,
        action,
        resource: { resource, accountId: ACCOUNT },
        contextVariables: context,
      },
      identityPolicies: [{ name: caller, policy: { Version: '2012-10-17', Statement: statements } }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(action.startsWith('kms:') && { resourcePolicy: policies.keyPolicy }),
    },
    {},
  );
  if (result.resultType === 'error') throw new Error(JSON.stringify(result.errors));
  return result.overallResult === 'Allowed';
}

it('every function was driven, and each asks for what its role lets it', async () => {
  const asked = everythingAsked();
  const functions = new Set(policies.statements.keys());
  expect(new Set(calls.map(({ caller }) => caller).filter((caller) => functions.has(caller)))).toEqual(functions);
  const denied: string[] = [];
  for (const one of asked) {
    if (!(await isAllowed(one, policies.statements.get(one.caller) ?? []))) {
      denied.push(`${one.caller} ${one.action} ${one.resource}`);
    }
  }
  expect(denied).toEqual([]);
  // More than logs and keys were asked for.
  expect(new Set(asked.map(({ action }) => action))).toEqual(
    new Set([
      'cloudwatch:GetMetricData',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
      'dynamodb:DeleteItem',
      'dynamodb:Query',
      'dynamodb:BatchWriteItem',
      'ec2:AssignPrivateIpAddresses',
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:UnassignPrivateIpAddresses',
      'kms:Decrypt',
      'kms:DescribeKey',
      'kms:Encrypt',
      'kms:GenerateDataKey',
      'lambda:InvokeFunction',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'secretsmanager:DescribeSecret',
      'secretsmanager:GetSecretValue',
      'secretsmanager:PutSecretValue',
      'secretsmanager:UpdateSecretVersionStage',
    ]),
  );
});

it('no role lets its function do what it does not ask for: each action of each statement is used', async () => {
  const asked = everythingAsked();
  const unused: string[] = [];
  for (const [caller, statements] of policies.statements) {
    const own = asked.filter((one) => one.caller === caller);
    for (const statement of statements) {
      for (const action of [statement.Action].flat()) {
        const alone = [{ ...statement, Action: action }];
        const through = await Promise.all(
          own.filter((one) => one.action === action).map(async (one) => isAllowed(one, alone)),
        );
        if (!through.includes(true)) unused.push(`${caller} ${action} ${JSON.stringify(statement.Resource)}`);
      }
    }
  }
  expect(unused).toEqual([]);
});

it('code of a function cannot change the network with what Lambda may', async () => {
  for (const [caller, statements] of policies.statements) {
    for (const one of joining(caller)) expect(await isAllowed(asCode(one), statements)).toBe(false);
  }
});

it('without the statement a call is denied: the evaluation can say no', async () => {
  const [one] = everythingAsked().filter(({ action }) => action === 'secretsmanager:GetSecretValue');
  if (one === undefined) throw new Error('nobody asked for a secret');
  const statements = policies.statements.get(one.caller) ?? [];
  const others = statements.filter((statement) => !JSON.stringify(statement.Action).includes('secretsmanager'));
  expect(await isAllowed(one, others)).toBe(false);
  const elsewhere = { ...one, resource: one.resource.replace(/-token/, '-other') };
  expect(await isAllowed(elsewhere, statements)).toBe(false);
});
