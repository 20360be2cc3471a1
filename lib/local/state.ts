import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { join } from 'node:path';
import dynalite from 'dynalite';
import { entriesOf, isObject, textOf } from '../config/path.ts';
import { PSEUDO_PARAMETERS } from './assembly/intrinsics.ts';
import type { TableModel } from './assembly/model.ts';
import { callerOf, type OnAwsCall } from './aws-call.ts';
import { LocalRunError } from './errors.ts';
import { listenOnLoopback } from './loopback.ts';

/** DynamoDB on this machine. */
export interface State {
  readonly endpoint: string;
  /** Creates those that are missing, and waits until they can be used. */
  createTables(tables: readonly TableModel[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts dynalite on a free port of the loopback.
 *
 * @param dataDir keeps the tables from run to run. @default in memory
 * @param onCall told of every request. @default nobody is
 * @throws LocalRunError when another run uses `dataDir`, or it cannot be written
 */
export async function openState(dataDir?: string, onCall?: OnAwsCall): Promise<State> {
  const unlock = dataDir === undefined ? undefined : lock(dataDir);
  const path = dataDir === undefined ? {} : { path: join(dataDir, 'dynamodb') };
  const server = dynalite({ createTableMs: 0, ...path });
  const drain = drainable(server);
  if (onCall !== undefined) watch(server, onCall);
  const loopback = await listenOnLoopback(server);
  const { endpoint } = loopback;
  return {
    endpoint,
    createTables: async (tables) => {
      await Promise.all(tables.map((table) => createTable(endpoint, table)));
    },
    close: async () => {
      await drain();
      await loopback.close();
      unlock?.();
    },
  };
}

/** Reads along: whoever listens for a request's data first, all listeners get it. */
function watch(server: Server, onCall: OnAwsCall): void {
  server.prependListener('request', (request: IncomingMessage) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      const operation = /\.(\w+)$/.exec(String(request.headers['x-amz-target']))?.[1] ?? 'unknown';
      const body: unknown = JSON.parse(Buffer.concat(chunks).toString() || '{}');
      const { TableName: table, RequestItems: batch } = isObject(body) ? body : {};
      const resource = textOf(table ?? entriesOf(batch)[0]?.[0]);
      onCall({ caller: callerOf(request), action: `dynamodb:${operation}`, resource });
    });
  });
}

/**
 * What dynalite still does when its database closes, it fails of with an exception that nobody can catch; and whoever asked may be a
 * killed process, so that no open connection tells of it.
 *
 * @returns takes no more requests, and waits until every one so far has been answered
 */
function drainable(server: Server): () => Promise<void> {
  const [handle] = server.listeners('request') as RequestListener[];
  const unanswered = new Set<Promise<void>>();
  let isDraining = false;
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    if (isDraining) return void request.destroy();
    const answer = answered(request, response);
    unanswered.add(answer);
    void answer.then(() => unanswered.delete(answer));
    handle?.(request, response);
  });
  return async () => {
    isDraining = true;
    await Promise.all(unanswered);
  };
}

/** Resolves when the handler ends the response, whether or not anybody gets it, or when the request breaks off. */
function answered(request: IncomingMessage, response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    request.once('close', () => {
      if (!request.complete) resolve();
    });
    const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse;
    response.end = (...args: unknown[]) => {
      resolve();
      return end(...args);
    };
  });
}

/** Takes the folder for this process. LevelDB has a lock too, but dynalite meets it with an exception that nobody can catch. */
function lock(dataDir: string): () => void {
  const file = join(dataDir, 'pid');
  try {
    mkdirSync(dataDir, { recursive: true });
    if (!isAlive(readPid(file))) rmSync(file, { force: true });
    writeFileSync(file, String(process.pid), { flag: 'wx' });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why =
      code === 'EEXIST'
        ? `is used by process ${readPid(file)}; if that is another program, delete ${file}`
        : `cannot be used: ${message}`;
    throw new LocalRunError(`the data folder ${dataDir} ${why}`, { cause });
  }
  return () => rmSync(file, { force: true });
}

function readPid(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function isAlive(pid: number | undefined): boolean {
  try {
    return pid !== undefined && pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function createTable(endpoint: string, table: TableModel): Promise<void> {
  const { __type: error } = await call(endpoint, 'CreateTable', {
    TableName: table.name,
    KeySchema: table.keySchema,
    AttributeDefinitions: table.attributeDefinitions,
    BillingMode: 'PAY_PER_REQUEST',
  });
  if (error !== undefined && !error.endsWith('ResourceInUseException')) {
    throw new LocalRunError(`cannot create table ${table.name}: ${error}`);
  }
  let status: string | undefined = 'CREATING';
  while (status === 'CREATING') {
    status = (await call(endpoint, 'DescribeTable', { TableName: table.name })).Table?.TableStatus;
  }
}

interface Answer {
  /** The error. */
  readonly __type?: string;
  readonly Table?: { readonly TableStatus?: string };
}

/** One request in DynamoDB's wire format: the SDK's client would cost the start 300 ms, and dynalite checks no signature. */
async function call(endpoint: string, operation: string, body: object): Promise<Answer> {
  const region = PSEUDO_PARAMETERS['AWS::Region'];
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-date': '20260101T000000Z',
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      authorization: `AWS4-HMAC-SHA256 Credential=local/20260101/${region}/dynamodb/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify(body),
  });
  return (await response.json()) as Answer;
}
