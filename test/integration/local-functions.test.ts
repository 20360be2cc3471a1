import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startWatchdog } from '../../lib/local/lambda/watchdog.ts';
import { temporaryFolder } from '../helpers/folders.ts';
import { createPools, functionOf } from '../helpers/local-functions.ts';
import { processState } from '../helpers/process-state.ts';
import { until } from '../helpers/until.ts';

const ECHO = `exports.handler = async (event, context) => ({ event, context, pid: process.pid, environment: process.env })`;
/** Answers only when told: a test opens the gate by writing its file. */
const GATED = `
const { existsSync } = require('node:fs');
const { setImmediate } = require('node:timers/promises');
exports.handler = async ({ gate }) => {
  while (!existsSync(gate)) await setImmediate();
  return { pid: process.pid };
};`;

const pools = createPools();
afterAll(() => pools.close());

describe('an execution environment', () => {
  it('gives the handler its event, its context and an environment like that of Lambda', async () => {
    const fn = functionOf(ECHO, { environment: { MINE: '1' }, timeoutSeconds: 29, memoryMb: 256 });
    const { call } = pools.pool(fn);

    const { statusCode, answer } = await call({ a: 1 });

    expect(statusCode).toBe(200);
    expect(answer.event).toEqual({ a: 1 });
    expect(answer.context).toMatchObject({
      awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      functionName: 'fixture',
      functionVersion: '$LATEST',
      invokedFunctionArn: fn.arn,
      memoryLimitInMB: '256',
    });
    expect(answer.environment).toMatchObject({
      MINE: '1',
      AWS_LAMBDA_FUNCTION_NAME: 'fixture',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      AWS_REGION: 'us-east-1',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      LAMBDA_TASK_ROOT: fn.codeDirectory,
      TZ: ':UTC',
      _X_AMZN_TRACE_ID: expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$/),
    });
  });

  it("sees nothing of the machine's environment but what a process needs", async () => {
    const { call } = pools.pool(functionOf(`exports.handler = async () => Object.keys(process.env).sort()`));
    const foreign = Object.keys(process.env).filter(
      (name) => !/^(PATH|NODE_EXTRA_CA_CERTS|LANG|TZ|AWS_.*)$/.test(name),
    );

    const { answer } = await call();

    expect(foreign.length).toBeGreaterThan(0);
    expect(answer.filter((name: string) => foreign.includes(name))).toEqual([]);
  });

  it('loads the bundle as CJS, with no package but its own, wherever it lies', async () => {
    const source = `exports.handler = async () => { try { require('other') } catch (error) { return error.message } }`;
    const fn = functionOf(source);
    const above = join(fn.codeDirectory, 'node_modules', 'other');
    const codeDirectory = join(fn.codeDirectory, 'asset');
    mkdirSync(above, { recursive: true });
    mkdirSync(codeDirectory);
    writeFileSync(join(above, 'index.js'), '');
    writeFileSync(join(fn.codeDirectory, 'package.json'), '{"type":"module"}');
    writeFileSync(join(codeDirectory, 'index.js'), source);
    const { call } = pools.pool({ ...fn, codeDirectory });

    expect((await call()).answer).toMatch(/^Cannot find module 'other'/);
  });

  it('counts the remaining time down', async () => {
    const source = `
      exports.handler = async (event, context) => {
        const before = context.getRemainingTimeInMillis();
        while (context.getRemainingTimeInMillis() === before);
        return { before, after: context.getRemainingTimeInMillis() };
      }`;
    const { call } = pools.pool(functionOf(source, { timeoutSeconds: 5 }));

    const { answer } = await call();

    expect(answer.before).toBeLessThanOrEqual(5000);
    expect(answer.after).toBeLessThan(answer.before);
    expect(answer.after).toBeGreaterThan(0);
  });

  it('is killed at the timeout, and the next request gets another one', async () => {
    const source = `exports.handler = async ({ hang }) => hang ? new Promise(() => {}) : process.pid`;
    const { pool, call } = pools.pool(functionOf(source, { timeoutSeconds: 0.25 }));
    const running = call({ hang: true });
    await until(() => pool.environments[0]?.state === 'busy');
    const pid = pool.environments[0]?.pid;

    expect(await running).toEqual({
      statusCode: 200,
      functionError: 'Unhandled',
      answer: {
        errorType: 'Sandbox.Timedout',
        errorMessage: expect.stringMatching(/^RequestId: [0-9a-f-]{36} Error: Task timed out after 0\.25 seconds$/),
      },
    });
    expect((await call()).answer).not.toBe(pid);
    await until(() => processState(pid) === undefined);
  });

  it('crashes alone', async () => {
    const gate = join(temporaryFolder(), 'gate');
    const { pool, call } = pools.pool(
      functionOf(`${GATED}
      const gated = exports.handler;
      exports.handler = async (event) => event.crash ? process.exit(7) : gated(event);`),
    );
    const survivor = call({ gate });
    await until(() => pool.environments[0]?.state === 'busy');

    const crashed = await call({ crash: true });

    expect(crashed.functionError).toBe('Unhandled');
    expect(crashed.answer.errorType).toBe('Runtime.ExitError');
    expect(crashed.answer.errorMessage).toMatch(/ Error: Runtime exited with error: exit status 7$/);
    writeFileSync(gate, '');
    expect((await survivor).functionError).toBeUndefined();
  });

  it('survives what the handler throws', async () => {
    const source = `exports.handler = async ({ fail }) => { if (fail) throw new RangeError('too far'); return process.pid }`;
    const { pool, call } = pools.pool(functionOf(source));

    const failed = await call({ fail: true });
    const after = await call();

    expect(failed.functionError).toBe('Unhandled');
    expect(failed.answer).toMatchObject({ errorType: 'RangeError', errorMessage: 'too far' });
    expect(after.answer).toBe(pool.environments[0]?.pid);
  });

  it('refuses a response that is larger than Lambda allows, by one byte', async () => {
    const { call } = pools.pool(functionOf(`exports.handler = async ({ length }) => 'x'.repeat(length)`));

    const fits = await call({ length: 6_291_554 });
    const tooLarge = await call({ length: 6_291_555 });

    expect(fits.answer).toHaveLength(6_291_554);
    expect(tooLarge.functionError).toBe('Unhandled');
    expect(tooLarge.answer.errorType).toBe('Function.ResponseSizeTooLarge');
  });

  it('never sees an event that is larger than Lambda allows', async () => {
    const { call } = pools.pool(functionOf(ECHO));

    expect((await call({ filler: 'x'.repeat(6_291_456) })).statusCode).toBe(413);
  });

  it.each([
    ['a bundle that throws', `throw new TypeError('broken')`, 'broken'],
    ['a handler that is missing', `exports.other = 1`, 'index.handler is undefined or not exported'],
    ['a callback handler', `exports.handler = (event, context, callback) => callback()`, 'takes a callback'],
  ])('tells of %s', async (_, source, message) => {
    const { call } = pools.pool(functionOf(source));

    const { functionError, answer } = await call();

    expect(functionError).toBe('Unhandled');
    expect(answer.errorMessage).toContain(message);
  });

  it('is killed when INIT never ends', async () => {
    const { pool, call } = pools.pool(functionOf('for (;;);'), { initTimeoutMs: 250 });

    const { answer } = await call();

    expect(answer.errorType).toBe('Sandbox.Timedout');
    await until(() => pool.environments.length === 0);
  });

  it('passes on whole lines only', async () => {
    const source = `
      exports.handler = async () => {
        process.stdout.write('half a ');
        console.error('from stderr');
        process.stdout.write('line\\n' + 'y'.repeat(100_000) + '\\n');
      }`;
    const { call } = pools.pool(functionOf(source));

    await call();

    await until(() => pools.lines.includes('y'.repeat(100_000)));
    expect(pools.lines).toEqual(expect.arrayContaining(['half a line', 'from stderr']));
  });
});

describe('freezing', () => {
  it('stops the process between requests, so that what was left running stops in mid-air', async () => {
    const source = `
      let ticks = 0;
      exports.handler = async () => {
        const answer = { pid: process.pid, ticks };
        const run = () => { ticks += 1; setImmediate(run) };
        if (ticks === 0) setImmediate(run);
        return answer;
      }`;
    const { pool, call } = pools.pool(functionOf(source));

    const { answer: first } = await call();

    await until(() => processState(first.pid) === 'T');
    expect(pool.environments.map((environment) => environment.state)).toEqual(['frozen']);
    const { answer: second } = await call();
    expect(second.pid).toBe(first.pid);
    expect(second.ticks).toBeGreaterThan(0);
    await until(() => processState(first.pid) === 'T');
  });

  it('loses no request over hundreds of freezes', async () => {
    const { pool, call } = pools.pool(functionOf(`let n = 0; exports.handler = async () => ++n`));
    const counts: number[] = [];

    for (let request = 0; request < 300; request += 1) {
      counts.push((await call()).answer);
      if (request % 10 === 0) await until(() => processState(pool.environments[0]?.pid) === 'T');
    }

    expect(counts).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
  });

  it('also stops an environment whose request went elsewhere during INIT', async () => {
    const gates = temporaryFolder();
    const gateInit = join(gates, 'init');
    const gateFirst = join(gates, 'first');
    // The second environment's INIT waits until the first one has taken both requests.
    const source = `${GATED}
      const { mkdirSync } = require('node:fs');
      try { mkdirSync('${gates}/started') } catch { while (!existsSync('${gateInit}')); }`;
    const { pool, call } = pools.pool(functionOf(source), { maxEnvironments: 2 });
    const first = call({ gate: gateFirst });
    await until(() => pool.environments[0]?.state === 'busy');
    const second = call({ gate: gateFirst });
    writeFileSync(gateFirst, '');
    await Promise.all([first, second]);
    writeFileSync(gateInit, '');

    await until(() => pool.environments.every(({ state, pid }) => state === 'frozen' && processState(pid) === 'T'));

    expect(pool.environments).toHaveLength(2);
  });

  it('can be switched off', async () => {
    const { pool, call } = pools.pool(functionOf(ECHO), { freeze: false });

    await call();

    expect(pool.environments.map(({ state }) => state)).toEqual(['warm']);
  });

  it('ends frozen and busy ones when the pool closes', async () => {
    const { pool, call } = pools.pool(functionOf(GATED), { maxEnvironments: 2 });
    const gate = join(temporaryFolder(), 'gate');
    const both = [call({ gate }), call({ gate })];
    await until(() => pool.environments.filter(({ state }) => state === 'busy').length === 2);
    writeFileSync(gate, '');
    await Promise.all(both);
    const busy = call({ gate: '/nowhere' });
    await until(() => pool.environments.some(({ state }) => state === 'busy'));
    const pids = pool.environments.map(({ pid }) => pid);

    await pool.close();

    expect(pids.map(processState)).toEqual([undefined, undefined]);
    expect((await busy).answer.errorType).toBe('Runtime.ExitError');
    expect((await call({ gate })).statusCode).toBe(429);
  });
});

describe('a pool', () => {
  it('uses the environment again that was used last', async () => {
    const { pool, call } = pools.pool(functionOf(GATED), { maxEnvironments: 3 });
    const folder = temporaryFolder();
    const gates = ['a', 'b', 'c'].map((name) => join(folder, name));
    const calls = gates.map((gate) => call({ gate }));
    await until(() => pool.environments.filter(({ state }) => state === 'busy').length === 3);
    const order: number[] = [];
    for (const [index, gate] of gates.entries()) {
      writeFileSync(gate, '');
      order.push((await calls[index])?.answer.pid);
    }

    const again = [await call({ gate: gates[0] }), await call({ gate: gates[0] })];

    expect(new Set(order).size).toBe(3);
    expect(again.map(({ answer }) => answer.pid)).toEqual([order[2], order[2]]);
  });

  it('never has more environments than allowed, and lets requests wait', async () => {
    const { pool, call } = pools.pool(functionOf(ECHO), { maxEnvironments: 2 });

    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => call({ index })));

    expect(answers.map(({ answer }) => answer.event.index)).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(new Set(answers.map(({ answer }) => answer.pid)).size).toBeLessThanOrEqual(2);
    expect(pool.environments.length).toBeLessThanOrEqual(2);
  });

  it('ends an environment that has had no request for a while', async () => {
    const { pool, call } = pools.pool(functionOf(ECHO), { idleMs: 1 });
    const { answer } = await call();

    await until(() => pool.environments.length === 0);

    expect(processState(answer.pid)).toBeUndefined();
    expect((await call()).statusCode).toBe(200);
  });

  it('answers 429 when too many wait', async () => {
    const gate = join(temporaryFolder(), 'gate');
    const { pool, call } = pools.pool(functionOf(GATED), { maxEnvironments: 1, maxQueued: 1 });
    const running = call({ gate });
    await until(() => pool.environments[0]?.state === 'busy');
    const waiting = call({ gate });

    expect((await call({ gate })).statusCode).toBe(429);
    writeFileSync(gate, '');
    expect((await running).statusCode).toBe(200);
    expect((await waiting).statusCode).toBe(200);
  });

  it('gives up a request that still waits when its signal aborts, and lets a running one go on', async () => {
    const gate = join(temporaryFolder(), 'gate');
    const { pool } = pools.pool(functionOf(GATED), { maxEnvironments: 1 });
    const caller = new AbortController();
    const payload = JSON.stringify({ gate });
    const running = pool.invoke(payload, caller.signal);
    await until(() => pool.environments[0]?.state === 'busy');
    const waiting = pool.invoke(payload, caller.signal);

    caller.abort();

    expect((await waiting).statusCode).toBe(429);
    writeFileSync(gate, '');
    expect((await running).statusCode).toBe(200);
  });
});

describe('the watchdog', () => {
  it('kills what it guards when it is closed, and nothing that was released', async () => {
    const watchdog = startWatchdog();
    const sleepers = [1, 2, 3].map(() => spawn('sleep', ['1000'], { stdio: 'ignore' }));
    const pids = sleepers.map(({ pid }) => pid ?? 0);
    for (const pid of pids) watchdog.guard(pid);
    watchdog.release(pids[1] ?? 0);

    await watchdog.close();

    await until(() => processState(pids[0]) === undefined && processState(pids[2]) === undefined);
    expect(processState(pids[1])).toBe('S');
    sleepers[1]?.kill();
  });

  it('kills frozen environments when the local run itself is killed', async () => {
    const fn = functionOf(ECHO);
    const script = join(temporaryFolder(), 'parent.ts');
    const helpers = new URL('../helpers/local-functions.ts', import.meta.url).href;
    writeFileSync(
      script,
      `import { createPools } from '${helpers}';
      const { pool, call } = createPools().pool(${JSON.stringify(fn)});
      await call();
      console.log(pool.environments[0].pid);`,
    );
    const parent = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(parent.stdout, 'data');
    const pid = Number(line);
    await until(() => processState(pid) === 'T');

    parent.kill('SIGKILL');

    await until(() => processState(pid) === undefined);
  });
});
