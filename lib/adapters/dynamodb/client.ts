import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { setImmediate } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Clock } from '../../resilience/clock.ts';

/** Long against the pauses of a busy environment, short against what networks forget. */
const IDLE_MS = 20_000;

/**
 * A client for environments that are frozen between requests: what a socket went through meanwhile nobody saw, and a request on a dead one
 * would be a store error that the store did not make. So idle sockets are retired by wall clock, and one turn of the event loop lets the
 * end of the others be seen before one is chosen.
 */
export function createDynamoDbClient({
  maxAttempts,
  now,
}: {
  readonly maxAttempts: number;
  readonly now: Clock;
}): DynamoDBClient {
  const options = { keepAlive: true, scheduling: 'lifo' } as const;
  const agents = { httpAgent: new HttpAgent(options), httpsAgent: new HttpsAgent(options) };
  const idleSinceMs = new WeakMap<object, number>();
  for (const agent of Object.values(agents)) agent.on('free', (socket: object) => idleSinceMs.set(socket, now()));
  const client = new DynamoDBClient({ maxAttempts, requestHandler: agents });
  client.middlewareStack.add(
    (next) => async (request) => {
      await setImmediate();
      for (const agent of Object.values(agents))
        retire(agent, (socket) => now() - (idleSinceMs.get(socket) ?? 0) >= IDLE_MS);
      return next(request);
    },
    { step: 'finalizeRequest', name: 'retireIdleSockets' },
  );
  return client;
}

function retire(agent: HttpAgent, isOld: (socket: object) => boolean): void {
  for (const socket of Object.values(agent.freeSockets).flatMap((sockets) => [...(sockets ?? [])]))
    if (isOld(socket)) socket.destroy();
}
