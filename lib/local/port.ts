import { LocalRunError } from './errors.ts';

const DEFAULT_PORT = 3000;

/**
 * @param text of the variable PORT; absent or empty: 3000. 0: any free one
 * @throws LocalRunError when it is no port
 */
export function parsePort(text: string | undefined): number {
  if (text === undefined || text === '') return DEFAULT_PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new LocalRunError(`PORT is ${JSON.stringify(text)}; it has to be a whole number from 0 to 65535`);
}
