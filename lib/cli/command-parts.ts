/** What commands are made of: their common options, and the values that options take. */
import { type Command, InvalidArgumentError, Option } from 'commander';

export const DEFAULT_PORT = 3000;
const DEFAULT_URL = `http://127.0.0.1:${DEFAULT_PORT}`;

/** A command with `--json` and an example. */
export const command = (program: Command, name: string, description: string, example: string): Command =>
  program
    .command(name)
    .description(description)
    .option('--json', 'one JSON document on stdout')
    .addHelpText('after', `\nExample:\n  ${example}`);

/** One that asks the API. */
export const apiCommand = (program: Command, name: string, description: string, example: string): Command =>
  command(program, name, description, example)
    .addOption(new Option('--url <url>', 'where the API runs').env('FUSEBOX_URL').default(DEFAULT_URL))
    .option('--header <line>', "a header to send, 'Name: value'; may be repeated", collect)
    .option(
      '--as <principal>',
      'at a local run: play role:NAME, user:NAME or claim:NAME=VALUE (default: its operator)',
    );

/** An option that may be repeated. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** The same, each time one of the choices. */
export const collectOneOf =
  (choices: readonly string[]) =>
  (value: string, before?: readonly string[]): readonly string[] => {
    if (!choices.includes(value)) throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}.`);
    return collect(value, before);
  };

export const wholeNumber =
  (min: number, max = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(
      `It is a whole number from ${min}${max < Number.MAX_SAFE_INTEGER ? ` to ${max}` : ''}.`,
    );
  };

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 };
const MAX_ORDER_SECONDS = 86_400;

/** `30s`, `10m`, `2h` */
export function durationSeconds(text: string): number {
  const [, count = '', unit = ''] = /^(\d+)([smh])$/.exec(text) ?? [];
  const seconds = Number(count) * (SECONDS[unit] ?? 0);
  if (seconds >= 1 && seconds <= MAX_ORDER_SECONDS) return seconds;
  throw new InvalidArgumentError('It is a time from 1s to 24h, such as 30s, 10m or 2h.');
}

/** An empty PORT is none. */
export const portNumber = (text: string): number => (text === '' ? DEFAULT_PORT : wholeNumber(0, 65_535)(text));
