import { text } from 'node:stream/consumers';
import { CommandFailure, misuse } from './failure.ts';

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const ERASE = ['\u007f', '\b'];

/**
 * A value from stdin, or from a prompt that does not show it. Never from an argument: those are in the shell's history and in the list of
 * processes.
 *
 * @throws CommandFailure where there is none, or Ctrl-C ends the prompt
 */
export async function readSecret(question: string): Promise<string> {
  const value = process.stdin.isTTY ? await prompt(question) : (await text(process.stdin)).trim();
  if (value === '')
    throw misuse(
      'there is no value',
      'type it at the prompt, or pipe it in: printf %s "$TOKEN" | fusebox secrets set NAME',
    );
  return value;
}

/** Asks on a terminal; elsewhere only `--yes` is a yes. */
export async function confirm(question: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY) throw misuse('nobody is there to confirm', 'pass --yes');
  const answer = await prompt(`${question} [y/N] `);
  if (!/^y(es)?$/i.test(answer)) throw new CommandFailure('nothing was done');
}

/** Raw, because a terminal in its usual mode shows what is typed. */
function prompt(question: string): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(question);
  stdin.setRawMode(true).setEncoding('utf8').resume();
  return new Promise((resolve, reject) => {
    let typed = '';
    const end = (settle: () => void): void => {
      stdin.off('data', take).setRawMode(false).pause();
      stderr.write('\n');
      settle();
    };
    const take = (chunk: string): void => {
      for (const character of chunk) {
        if (character === CTRL_C) return end(() => reject(new CommandFailure('ended by Ctrl-C', { exitCode: 130 })));
        if (character === '\r' || character === '\n' || character === CTRL_D) return end(() => resolve(typed.trim()));
        typed = ERASE.includes(character) ? typed.slice(0, -1) : typed + character;
      }
    };
    stdin.on('data', take);
  });
}
