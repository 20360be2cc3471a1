import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

/** The request's body; undefined where it is not JSON. Not bounded: only loopback can send one. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const body = await text(request);
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
