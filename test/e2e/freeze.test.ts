import { setTimeout as pause } from 'node:timers/promises';
import { type Run, startRun } from '../helpers/local-run.ts';
import { type Flaky, startFlaky } from '../helpers/mcp-servers.ts';
import { processState } from '../helpers/process-state.ts';
import { until } from '../helpers/until.ts';

const LONG = process.env['FUSEBOX_LONG'] !== undefined;
/** Environments that are frozen at the same time, so that 500 freezes of seconds fit into a test. */
const ENVIRONMENTS = 20;
const ROUNDS = 25;
/** Real time, since what is frozen is a real process: the one place where a test waits for a clock. */
const FROZEN_MS = LONG ? 6_000 : 1_000;

let flaky: Flaky;
let run: Run;

beforeAll(async () => {
  flaky = await startFlaky({ port: 0 });
  const servers = { modern: { url: flaky.url }, legacy: { url: flaky.legacyUrl } };
  run = await startRun(servers, { maxEnvironments: ENVIRONMENTS });
}, 60_000);

afterAll(async () => {
  await run?.close();
  await flaky?.close();
});

function environments() {
  return [...run.local.pools.values()].flatMap((pool) => pool.environments);
}

it('500 requests, each to an environment that was frozen while its sockets died: none is lost, none times out, none is repeated', async () => {
  const server = (round: number) => (round % 2 === 0 ? 'modern' : 'legacy');
  for (let round = 0; round < ROUNDS; round++) {
    const calls = Array.from({ length: ENVIRONMENTS }, (_, i) =>
      run.call(server(round), 'append', { item: `${round}/${i}` }),
    );
    const answers = await Promise.all(calls);
    expect(answers.map(({ status, body }) => [status, body.meta?.attempts, body.code])).toEqual(
      answers.map(() => [200, 1, undefined]),
    );
    await until(() => environments().every(({ pid }) => processState(pid) === 'T'));
    // The server ends the idle connections of some; their environments cannot see it.
    if (round % 3 !== 2) flaky.dropConnections();
    await pause(FROZEN_MS);
  }
  const { executions, abandoned, sessions } = flaky.ledger();
  expect([executions['append']?.count, abandoned]).toEqual([ROUNDS * ENVIRONMENTS, 0]);
  expect([sessions.maxInFlight, sessions.repeatedIds]).toEqual([1, 0]);
}, 600_000);
