/** How a command says no. */
import { paint, printable, writeJson } from './output.ts';

/** 0 yes, 1 no, 2 misuse, 130 ended by Ctrl-C before there was an answer. */
export type ExitCode = 0 | 1 | 2 | 130;

/** A "no" in one line, with what to do next. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly exitCode: ExitCode;
  /** What to do about it: a sentence without its full stop. */
  readonly next: string | undefined;

  /** What `--json` prints. */
  readonly document: unknown;

  constructor(
    message: string,
    options: { next?: string | undefined; exitCode?: ExitCode; document?: unknown; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.exitCode = options.exitCode ?? 1;
    this.next = options.next;
    this.document = options.document ?? { error: { message, next: options.next } };
  }
}

/** A command line that cannot be what was meant. */
export const misuse = (message: string, next?: string): CommandFailure =>
  new CommandFailure(message, { exitCode: 2, next });

/** Says it on stderr and, where JSON was asked for, on stdout too: stdout then is one JSON document whatever happens. */
export function reportFailure(error: unknown, options: { json: boolean }): ExitCode {
  const failure = error instanceof CommandFailure ? error : unexpected(error);
  if (options.json) writeJson(failure.document);
  const next = failure.next === undefined ? '' : `\n  next: ${failure.next}`;
  process.stderr.write(`${paint('red', 'error:', process.stderr)} ${printable(failure.message + next)}\n`);
  return failure.exitCode;
}

function unexpected(error: unknown): CommandFailure {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new CommandFailure(`this should not have happened: ${message}`, {
    next: 'please report it, with the command line and without its secrets',
  });
}
