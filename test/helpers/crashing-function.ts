/** Run by itself: a function that calls a tool and dies in the middle of it, in the way of its first argument. */
import { createHandler } from '../../functions/call-tool/create-handler.ts';
import { callEvent, fakeFusebox, lambdaContext } from './http-border.ts';

const WAYS: Readonly<Record<string, () => void>> = {
  exit: () => process.exit(3),
  uncaught: () => void setImmediate(() => JSON.parse('{')),
  unhandled: () => void Promise.reject(new Error('nobody waits for this')),
};

const crash = WAYS[process.argv[2] ?? ''];
if (crash === undefined) throw new RangeError(`one of ${Object.keys(WAYS).join(', ')}`);

const handler = createHandler(() => fakeFusebox({ callTool: () => new Promise(crash) }));
// Something else is under way, as in a real environment.
setTimeout(() => undefined, 60_000);
await handler(callEvent() as never, lambdaContext() as never);
