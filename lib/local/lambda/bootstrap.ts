/**
 * The runtime inside an execution environment: a process that loads the bundle as Lambda does and then answers one request at a
 * time. It reads what Lambda's own runtime reads, the environment variables `LAMBDA_TASK_ROOT`, `_HANDLER` and `AWS_LAMBDA_*`.
 */
import { realpathSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LAMBDA_RESPONSE_MAX_BYTES } from '../../contract/limits.ts';
import type { BootstrapMessage, FunctionError, InvokeMessage } from './messages.ts';

type Handler = (event: unknown, context: unknown) => unknown;

const environment = process.env;
const taskRoot = realpathSync(environment['LAMBDA_TASK_ROOT'] ?? '.');

process.once('disconnect', () => process.exit());
isolateTask();
try {
  const handler = loadHandler(environment['_HANDLER'] ?? '');
  process.on('message', (message: InvokeMessage) => void answer(handler, message));
  send({ type: 'ready' });
} catch (error) {
  send({ type: 'failure', error: toFunctionError(error) });
}

/** The bundle is CJS and sees no package but its own, wherever its folder lies: a package.json or node_modules above means nothing. */
function isolateTask(): void {
  const task = `${pathToFileURL(taskRoot).href}/`;
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context);
      const own = resolved.url.startsWith('node:') || resolved.url.startsWith(task);
      if (context.parentURL?.startsWith(task) && !own) throw new Error(`Cannot find module '${specifier}'`);
      return resolved;
    },
    load(url, context, nextLoad) {
      return nextLoad(url, url.startsWith(task) && url.endsWith('.js') ? { ...context, format: 'commonjs' } : context);
    },
  });
}

function loadHandler(name: string): Handler {
  const dot = name.lastIndexOf('.');
  const module: Record<string, unknown> = createRequire(import.meta.url)(join(taskRoot, `${name.slice(0, dot)}.js`));
  const handler = module[name.slice(dot + 1)];
  if (typeof handler !== 'function') throw new TypeError(`${name} is undefined or not exported`);
  // Node 24's runtime tells a callback handler by its parameters, and refuses it.
  if (handler.length > 2)
    throw new TypeError(`${name} takes a callback: Lambda has no callback handlers from Node.js 24 on`);
  return handler as Handler;
}

async function answer(handler: Handler, message: InvokeMessage): Promise<void> {
  environment['_X_AMZN_TRACE_ID'] = message.traceId;
  try {
    send(encode(await handler(JSON.parse(message.payload), toContext(message))));
  } catch (error) {
    send({ type: 'failure', error: toFunctionError(error) });
  }
}

function encode(result: unknown): BootstrapMessage {
  const payload = JSON.stringify(result) ?? 'null';
  if (Buffer.byteLength(payload) <= LAMBDA_RESPONSE_MAX_BYTES) return { type: 'result', payload };
  const errorMessage = `Response payload size exceeded maximum allowed payload size (${LAMBDA_RESPONSE_MAX_BYTES} bytes).`;
  return { type: 'failure', error: { errorType: 'Function.ResponseSizeTooLarge', errorMessage } };
}

function toContext({ requestId, functionArn, deadlineMs }: InvokeMessage) {
  return {
    awsRequestId: requestId,
    functionName: environment['AWS_LAMBDA_FUNCTION_NAME'],
    functionVersion: environment['AWS_LAMBDA_FUNCTION_VERSION'],
    memoryLimitInMB: environment['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'],
    logGroupName: environment['AWS_LAMBDA_LOG_GROUP_NAME'],
    logStreamName: environment['AWS_LAMBDA_LOG_STREAM_NAME'],
    invokedFunctionArn: functionArn,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
  };
}

function toFunctionError(error: unknown): FunctionError {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
}

function send(message: BootstrapMessage): void {
  process.send?.(message);
}
