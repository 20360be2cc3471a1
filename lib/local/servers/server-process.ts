import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { restartAfter } from './restart.ts';

const PRELOAD = new URL(`./preload${extname(import.meta.url)}`, import.meta.url).href;

/** Time to end by itself after SIGTERM, milliseconds. */
const TERM_GRACE_MS = 1_000;

/** Of stderr so much is kept for the log, characters. */
const STDERR_KEPT = 2_000;

/** A Node program that listens on one port. */
export interface ServerSpec {
  readonly name: string;
  /** The script and its arguments. */
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<NodeJS.ProcessEnv>;
}

/** Keeps one server running: a process group of its own, started again when it dies. */
export class ServerProcess {
  readonly #spec: ServerSpec;
  readonly #log: (line: string) => void;
  readonly #settled = Promise.withResolvers<void>();
  #child: ChildProcess | undefined;
  #failures = 0;
  #restart: NodeJS.Timeout | undefined;
  #closing = false;

  /** @param log told, in a line, when the server dies */
  constructor(spec: ServerSpec, log: (line: string) => void) {
    this.#spec = spec;
    this.#log = log;
    this.#start();
  }

  /** Resolves when the server listens for the first time, or when its first start failed. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  get name(): string {
    return this.#spec.name;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Ends the server and all that it started. */
  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#restart);
    this.#settled.resolve();
    const child = this.#child;
    if (child?.pid === undefined) return;
    const group = child.pid;
    const timer = setTimeout(() => signalGroup(group, 'SIGKILL'), TERM_GRACE_MS);
    signalGroup(group, 'SIGTERM');
    await once(child, 'exit');
    clearTimeout(timer);
    signalGroup(group, 'SIGKILL');
  }

  #start(): void {
    const { args, cwd, env } = this.#spec;
    const child = spawn(process.execPath, ['--import', PRELOAD, ...args], {
      cwd,
      env,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      detached: true,
    });
    let listeningAtMs = Number.POSITIVE_INFINITY;
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      stderr = (stderr + chunk).slice(-STDERR_KEPT);
    });
    this.#child = child;
    child.once('message', () => {
      listeningAtMs = performance.now();
      this.#settled.resolve();
    });
    child.once('error', (error) => this.#ended(child, error.message, stderr, listeningAtMs));
    child.once('exit', (code, signal) => this.#ended(child, signal ?? `exit status ${code}`, stderr, listeningAtMs));
  }

  #ended(child: ChildProcess, how: string, stderr: string, listeningAtMs: number): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    // What it had started must not live on beside what the next one starts.
    if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
    this.#settled.resolve();
    if (this.#closing) return;
    const { failures, delayMs } = restartAfter(this.#failures, Math.max(0, performance.now() - listeningAtMs));
    this.#failures = failures;
    const next = delayMs === null ? 'it is left down' : `it is started again in ${delayMs} ms`;
    this.#log(`server "${this.#spec.name}" died (${how}); ${next}${quote(stderr)}`);
    if (delayMs !== null) this.#restart = setTimeout(() => this.#start(), delayMs);
  }
}

/** What a dying server said, without the places in its code. */
function quote(stderr: string): string {
  const lines = stderr.trim().split('\n');
  const words = lines.filter((line) => !/^\s+at /.test(line)).join('\n');
  return words === '' ? '' : `; its last words:\n${words}`;
}

function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    // No member is left.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
