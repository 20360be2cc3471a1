/** The flaky server as a process: `node main.ts --port 0`. */
import { parseArgs } from 'node:util';
import { startFlaky } from './http.ts';

const { values } = parseArgs({ options: { port: { type: 'string', default: '0' } } });
const flaky = await startFlaky({ port: Number(values.port) });
console.log(`flaky ${flaky.url}`);
