import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { LAMBDA_REQUEST_MAX_BYTES } from '../../contract/limits.ts';
import type { FunctionModel } from '../assembly/model.ts';
import type { BootstrapMessage, FunctionError, InvokeMessage } from './messages.ts';
import type { Watchdog } from './watchdog.ts';

const BOOTSTRAP = fileURLToPath(new URL(`./bootstrap${extname(import.meta.url)}`, import.meta.url));

/** Share of a function's memory that Lambda's runtime gives to the heap. */
const HEAP_SHARE = 0.9;

/** Lambda gives an environment with an extension 500 ms at least. */
const SHUTDOWN_MS = 500;

/** What Lambda's Invoke answers. */
export interface InvokeResult {
  /** 200 also when the function failed; 413: the event is too large; 429: no environment is free. */
  readonly statusCode: 200 | 413 | 429;
  readonly functionError?: 'Unhandled';
  /** JSON: the handler's answer, or a {@link FunctionError}. */
  readonly payload: string;
}

/** `cold` until INIT ends, then `warm`, or `frozen` where freezing is on, and `busy` in turns. */
export type EnvironmentState = 'cold' | 'warm' | 'frozen' | 'busy' | 'ended';

export interface EnvironmentOptions {
  readonly fn: FunctionModel;
  readonly variables: Readonly<Record<string, string>>;
  /** Stop the process between requests, as Lambda does? */
  readonly freeze: boolean;
  /** INIT may take so long, milliseconds. */
  readonly initTimeoutMs: number;
  readonly watchdog: Watchdog;
  /** Gets every whole line that the function writes. */
  readonly log: (line: string) => void;
}

/** What ends a wait for the process. */
type Reply = BootstrapMessage | { readonly type: 'timeout' } | { readonly type: 'exit'; readonly reason: string };

/**
 * One execution environment: a process that takes one request at a time and is stopped (SIGSTOP) whenever it has none, so that
 * whatever it left running stops in mid-air, as in Lambda.
 */
export class ExecutionEnvironment {
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
  readonly #options: EnvironmentOptions;
  readonly #child: ChildProcess;
  #state: EnvironmentState = 'cold';
  #deliver: (reply: Reply) => void = () => undefined;

  constructor(options: EnvironmentOptions) {
    this.#options = options;
    this.#child = spawnBootstrap(options);
    this.#child.on('message', (message: BootstrapMessage) => this.#deliver(message));
    this.ended = new Promise((resolve) => {
      const end = (reason: string) => {
        this.#state = 'ended';
        if (this.pid !== undefined) options.watchdog.release(this.pid);
        this.#deliver({ type: 'exit', reason });
        resolve();
      };
      this.#child.once('exit', (code, signal) => end(code === null ? `signal: ${signal}` : `exit status ${code}`));
      this.#child.once('error', (error) => end(error.message));
    });
    if (this.pid !== undefined) options.watchdog.guard(this.pid);
  }

  get state(): EnvironmentState {
    return this.#state;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Waits for INIT. Gives nothing when the handler is loaded, else the error; then the environment has ended. */
  async init(): Promise<InvokeResult | undefined> {
    const reply = await this.#reply(this.#options.initTimeoutMs);
    if (reply.type === 'ready') {
      this.#rest();
      return undefined;
    }
    this.kill();
    return this.#toResult(reply, randomUUID(), this.#options.initTimeoutMs);
  }

  /**
   * Runs the handler once. Never rejects: a timeout, a crash and a thrown error are results, as Lambda gives them.
   *
   * @param payload the event, as JSON
   */
  async invoke(payload: string): Promise<InvokeResult> {
    if (Buffer.byteLength(payload) > LAMBDA_REQUEST_MAX_BYTES) {
      const errorMessage = `Request must be smaller than ${LAMBDA_REQUEST_MAX_BYTES} bytes for the InvokeFunction operation`;
      return {
        statusCode: 413,
        payload: JSON.stringify({ errorType: 'RequestEntityTooLargeException', errorMessage }),
      };
    }
    const { fn } = this.#options;
    const timeoutMs = fn.timeoutSeconds * 1000;
    const requestId = randomUUID();
    this.#wake();
    this.#send({
      requestId,
      deadlineMs: Date.now() + timeoutMs,
      functionArn: fn.arn,
      traceId: newTraceId(),
      payload,
    });
    const reply = await this.#reply(timeoutMs);
    if (reply.type === 'timeout') this.kill();
    else this.#rest();
    return this.#toResult(reply, requestId, timeoutMs);
  }

  /** Lets a resting process tidy up on SIGTERM, as Lambda does where an extension is registered, but not for long. */
  async shutdown(): Promise<void> {
    if (this.#state === 'warm' || this.#state === 'frozen') {
      this.#child.kill('SIGCONT');
      this.#child.kill('SIGTERM');
      const timer = setTimeout(() => this.kill(), SHUTDOWN_MS);
      void this.ended.then(() => clearTimeout(timer));
    } else this.kill();
    await this.ended;
  }

  /** SIGKILL also ends a stopped process. */
  kill(): void {
    this.#state = 'ended';
    this.#child.kill('SIGKILL');
  }

  #wake(): void {
    if (this.#state === 'frozen') this.#child.kill('SIGCONT');
    this.#state = 'busy';
  }

  #rest(): void {
    if (this.#state === 'ended') return;
    this.#state = this.#options.freeze ? 'frozen' : 'warm';
    if (this.#options.freeze) this.#child.kill('SIGSTOP');
  }

  #send(message: InvokeMessage): void {
    // A process that died a moment ago is told of by its exit.
    this.#child.send(message, () => undefined);
  }

  async #reply(timeoutMs: number): Promise<Reply> {
    if (this.#state === 'ended') return { type: 'exit', reason: 'killed' };
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve) => {
        this.#deliver = resolve;
        timer = setTimeout(() => resolve({ type: 'timeout' }), timeoutMs);
      });
    } finally {
      clearTimeout(timer);
      this.#deliver = () => undefined;
    }
  }

  #toResult(reply: Reply, requestId: string, timeoutMs: number): InvokeResult {
    switch (reply.type) {
      case 'result':
        return { statusCode: 200, payload: reply.payload };
      case 'failure':
        return failure(reply.error);
      case 'timeout':
        return failure({
          errorType: 'Sandbox.Timedout',
          errorMessage: `RequestId: ${requestId} Error: Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`,
        });
      case 'exit':
        return failure({
          errorType: 'Runtime.ExitError',
          errorMessage: `RequestId: ${requestId} Error: Runtime exited with error: ${reply.reason}`,
        });
      default:
        throw new Error('the bootstrap was ready twice');
    }
  }
}

function spawnBootstrap({ fn, variables, log }: EnvironmentOptions): ChildProcess {
  const heapMb = Math.floor(fn.memoryMb * HEAP_SHARE);
  const child = spawn(process.execPath, [`--max-old-space-size=${heapMb}`, BOOTSTRAP], {
    cwd: fn.codeDirectory,
    env: variables,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
    // A session of its own: the terminal's Ctrl-C is for the local run alone, which then ends its children.
    detached: true,
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on('line', log);
  }
  return child;
}

function failure(error: FunctionError): InvokeResult {
  return { statusCode: 200, functionError: 'Unhandled', payload: JSON.stringify(error) };
}

/** Format: AWS X-Ray developer guide, "Tracing header". Nothing is sampled here. */
function newTraceId(): string {
  const seconds = Math.floor(Date.now() / 1000).toString(16);
  return `Root=1-${seconds}-${randomBytes(12).toString('hex')};Parent=${randomBytes(8).toString('hex')};Sampled=0`;
}
