import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { ShownServer } from './snapshot.ts';

const LIMIT_MS = 5_000;

const circuit = z.looseObject({ state: z.string() });

const answer = z.object({
  servers: z.array(
    z.looseObject({
      name: z.string(),
      circuit: circuit.optional(),
      toolCircuits: z.record(z.string(), circuit).optional(),
    }),
  ),
});

/**
 * The servers and their circuits, as the product's own API shows them: the console knows no more than any other client. Its requests
 * carry a trace id of their own, by which their lines are told from the user's.
 */
export class ServerList {
  readonly #url: string;
  readonly #traceId = randomBytes(16).toString('hex');

  /** @param origin of the run */
  constructor(origin: string) {
    this.#url = `${origin}/v1/servers`;
  }

  isOurs(traceId: string): boolean {
    return traceId === this.#traceId;
  }

  /** @returns undefined when the API does not answer with a list */
  async read(): Promise<readonly ShownServer[] | undefined> {
    const traceparent = `00-${this.#traceId}-${randomBytes(8).toString('hex')}-00`;
    try {
      const response = await fetch(this.#url, { headers: { traceparent }, signal: AbortSignal.timeout(LIMIT_MS) });
      // What it shows is our own contract; the shape is looked at only so far that nothing here can break.
      return answer.parse(await response.json()).servers as object[] as ShownServer[];
    } catch {
      return undefined;
    }
  }
}
