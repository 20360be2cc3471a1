/** Commands that only bring a remote server to a client that speaks stdio: `npx mcp-remote URL`, supergateway, mcp-proxy. */
import { entriesOf } from '../path.ts';
import { commandLine } from './stdio.ts';

export interface WrappedRemote {
  readonly url: string;
  readonly type?: 'http' | 'sse';
  readonly headers: Readonly<Record<string, string>>;
}

const WRAPPER = /(^|[\\/])(mcp-remote|supergateway|mcp-proxy)(@[\w.-]+)?($|[\\/]dist[\\/])/;

/** The remote server that a stdio entry wraps, if it does. */
export function wrappedRemote(fields: Readonly<Record<string, unknown>>): WrappedRemote | undefined {
  const words = (commandLine(fields) ?? []).flatMap(wordsOfShell);
  const wrapper = words.findIndex((word) => WRAPPER.test(word));
  const rest = wrapper < 0 ? [] : words.slice(wrapper + 1);
  const url = rest.find((word) => /^https?:\/\//i.test(word)) ?? rest.find((word) => /^(\$\{?\w|<\w)/.test(word));
  if (url === undefined) return undefined;
  const type = transportOf(rest);
  return {
    url,
    ...(type === undefined ? {} : { type }),
    headers: headersOf(rest, Object.fromEntries(entriesOf(fields['env']))),
  };
}

/** `sh -c "npx mcp-remote URL"` has a command line in one word. */
const wordsOfShell = (word: string): string[] =>
  /\s(mcp-remote|supergateway|mcp-proxy)[@\s]/.test(word) ? word.split(/[\s"']+/) : [word];

function transportOf(words: readonly string[]): 'http' | 'sse' | undefined {
  const value = words[words.indexOf('--transport') + 1] ?? '';
  if (words.includes('--sse') || (words.includes('--transport') && value.startsWith('sse'))) return 'sse';
  return words.includes('--streamableHttp') || (words.includes('--transport') && /^(http|streamable)/.test(value))
    ? 'http'
    : undefined;
}

/** `--header "Name: value"`, with the entry's own `env` put in where it gives a value. */
function headersOf(words: readonly string[], env: Readonly<Record<string, unknown>>): Record<string, string> {
  const pairs = words.flatMap((word, index): [string, string][] => {
    const match = /^--?(?:header|H)$/.test(words[index - 1] ?? '') ? /^([^:\s]+)\s*:\s*(.*)$/s.exec(word) : null;
    return match === null ? [] : [[match[1] ?? '', match[2] ?? '']];
  });
  const fill = (text: string) =>
    text.replace(/\$\{(\w+)\}/g, (whole, name: string) => (typeof env[name] === 'string' ? env[name] : whole));
  return Object.fromEntries(pairs.map(([name, value]) => [name, fill(value)]));
}
