import { DEFAULT_POLICY } from '../../../lib/config/defaults.ts';
import type { PoolConfig } from '../../../lib/config/schema.ts';
import { Connections } from '../../../lib/mcp/connections.ts';
import type { ServerTarget } from '../../../lib/mcp/ports.ts';
import { SessionPool } from '../../../lib/mcp/session-pool.ts';
import { ATTEMPT, FakeClient, FakeTime, failed, HeldSleep, settle, TARGET } from '../../helpers/fake-mcp.ts';

const REFUSED = failed({ kind: 'not-sent', reason: 'ECONNREFUSED' });

function setUp(config: Partial<PoolConfig> = {}, target: ServerTarget = TARGET) {
  const client = new FakeClient();
  const time = new FakeTime();
  const held = new HeldSleep();
  const pool = { ...DEFAULT_POLICY.pool, ...config };
  return {
    client,
    time,
    held,
    pool: new SessionPool({ target, client, pool, now: time.now, sleep: held.sleep }),
    events: () => client.connections.map(({ events }) => events),
  };
}

describe('acquire', () => {
  it('opens a connection, and uses it again', async () => {
    const { pool, client } = setUp();
    const first = await pool.acquire(ATTEMPT);
    await pool.release(first);
    expect(await pool.acquire(ATTEMPT)).toBe(first);
    expect([client.connections.length, pool.size]).toEqual([1, 1]);
  });

  it('gives the most recently used first', async () => {
    const { pool } = setUp();
    const [a, b] = [await pool.acquire(ATTEMPT), await pool.acquire(ATTEMPT)];
    await pool.release(b);
    await pool.release(a);
    expect(await pool.acquire(ATTEMPT)).toBe(a);
    expect(await pool.acquire(ATTEMPT)).toBe(b);
  });

  it('opens no more than the maximum, however many ask at once', async () => {
    const { pool, client } = setUp({ max: 3 });
    const asked = Array.from({ length: 10 }, async () => {
      const connection = await pool.acquire(ATTEMPT);
      await settle();
      await pool.release(connection);
      return connection;
    });
    await Promise.all(asked);
    expect([client.connections.length, pool.size]).toEqual([3, 3]);
  });

  it('gives each connection to one at a time', async () => {
    const { pool } = setUp({ max: 2 });
    const busy = new Set<unknown>();
    const use = async () => {
      const connection = await pool.acquire(ATTEMPT);
      expect(busy.has(connection)).toBe(false);
      busy.add(connection);
      await settle();
      busy.delete(connection);
      await pool.release(connection);
    };
    await Promise.all(Array.from({ length: 20 }, use));
    expect(pool.size).toBe(2);
  });

  it('counts the connections that are being opened', async () => {
    const { pool, client } = setUp({ max: 1 });
    const { promise, resolve } = Promise.withResolvers<void>();
    client.gate = promise;
    const first = pool.acquire(ATTEMPT);
    const second = pool.acquire(ATTEMPT);
    resolve();
    const connection = await first;
    expect(pool.size).toBe(1);
    await pool.release(connection);
    expect(await second).toBe(connection);
  });

  it('says in time that all are busy', async () => {
    const { pool, held } = setUp({ max: 1, acquireTimeoutMs: 250 });
    await pool.acquire(ATTEMPT);
    const second = pool.acquire(ATTEMPT);
    await settle();
    expect(held.asked).toEqual([250]);
    held.wake();
    await expect(second).rejects.toMatchObject({
      code: 'bulkhead_full',
      message: 'all 1 connections to "search" were busy for 250 ms',
      details: { server: 'search', retryAfterMs: 1_000 },
    });
  });

  it('serves those who wait in their order', async () => {
    const { pool } = setUp({ max: 1 });
    const connection = await pool.acquire(ATTEMPT);
    const order: string[] = [];
    const wait = (name: string) => async () => {
      const mine = await pool.acquire(ATTEMPT);
      order.push(name);
      await pool.release(mine);
    };
    const waiting = [wait('a')(), wait('b')(), wait('c')()];
    await settle();
    await pool.release(connection);
    await Promise.all(waiting);
    expect(order).toEqual(['a', 'b', 'c']);
  });

  it('waits no longer than its limit in all, though it is woken for nothing', async () => {
    const { pool, client, held, time } = setUp({ max: 1, acquireTimeoutMs: 1_000 });
    await pool.acquire(ATTEMPT);
    const waiting = pool.acquire(ATTEMPT);
    await settle();
    time.nowMs += 400;
    // A place is free for a moment, and somebody quicker takes it.
    const [busy] = client.connections;
    if (busy === undefined) throw new Error('no connection');
    const given = pool.release(busy);
    const quicker = pool.acquire(ATTEMPT);
    await Promise.all([given, quicker]);
    await settle();
    expect(held.asked).toEqual([1_000, 600]);
    held.wake();
    held.wake();
    await expect(waiting).rejects.toMatchObject({ code: 'bulkhead_full' });
  });

  it('ends with its attempt, and then takes no turn from others', async () => {
    const { pool } = setUp({ max: 1 });
    const connection = await pool.acquire(ATTEMPT);
    const over = failed({ kind: 'aborted' });
    const controller = new AbortController();
    const leaving = pool.acquire({ signal: controller.signal });
    const staying = pool.acquire(ATTEMPT);
    await settle();
    controller.abort(over);
    await expect(leaving).rejects.toBe(over);
    await pool.release(connection);
    expect(await staying).toBe(connection);
  });

  it.each([0, 1, 2, 3, 4, 5, 6])('passes on a turn that came %d ticks after the moment of giving up', async (ticks) => {
    const { pool, held } = setUp({ max: 1 });
    const connection = await pool.acquire(ATTEMPT);
    const leaving = pool.acquire(ATTEMPT).then(
      (mine) => pool.release(mine),
      () => 'gave up',
    );
    const staying = pool.acquire(ATTEMPT);
    await settle();
    held.wake();
    for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
    await pool.release(connection);
    await leaving;
    expect(await staying).toBe(connection);
  });

  it('replaces a connection whose lease is lost', async () => {
    const { pool, client, events } = setUp();
    const first = await pool.acquire(ATTEMPT);
    await pool.release(first);
    for (const connection of client.connections) connection.usable = false;
    expect(await pool.acquire(ATTEMPT)).not.toBe(first);
    expect([events(), pool.size]).toEqual([[['close'], []], 1]);
  });

  it.each(['isUsable', 'close'])('keeps its accounts when %s throws', async (what) => {
    const { pool, client } = setUp({ max: 1 });
    await pool.release(await pool.acquire(ATTEMPT));
    for (const connection of client.connections) {
      connection.usable = what === 'isUsable' ? new Error('no store') : false;
      connection.closing = new Error('cannot close');
    }
    const second = await pool.acquire(ATTEMPT);
    expect([client.connections.length, pool.size]).toEqual([2, 1]);
    await pool.release(second);
    expect(pool.size).toBe(1);
  });

  it('frees the place of a connection that could not be opened, for whoever waits', async () => {
    const { pool, client } = setUp({ max: 1 });
    const { promise, resolve } = Promise.withResolvers<void>();
    client.gate = promise;
    client.connectFailures.push(REFUSED);
    const first = pool.acquire(ATTEMPT);
    const second = pool.acquire(ATTEMPT);
    await settle();
    resolve();
    await expect(first).rejects.toBe(REFUSED);
    expect(await second).toBe(client.connections[0]);
    expect(pool.size).toBe(1);
  });
});

describe('what is idle', () => {
  it('is closed by wall clock, when the pool is next asked', async () => {
    const { pool, time, events } = setUp({ idleMs: 60_000 });
    await pool.release(await pool.acquire(ATTEMPT));
    time.nowMs += 59_999;
    await pool.release(await pool.acquire(ATTEMPT));
    expect(events()).toEqual([[]]);
    time.nowMs += 60_000;
    await pool.acquire(ATTEMPT);
    expect(events()).toEqual([['close'], []]);
  });

  it('is kept down to the minimum, the oldest goes first', async () => {
    const { pool, time, events } = setUp({ min: 2, idleMs: 1_000 });
    const all = [await pool.acquire(ATTEMPT), await pool.acquire(ATTEMPT), await pool.acquire(ATTEMPT)];
    for (const connection of all) await pool.release(connection);
    time.nowMs += 5_000;
    expect(await pool.acquire(ATTEMPT)).toBe(all[2]);
    expect([events(), pool.size]).toEqual([[['close'], [], []], 2]);
  });
});

describe('connect', () => {
  it('opens the minimum, at least one, and is content with what is there', async () => {
    const { pool } = setUp({ min: 3 });
    await pool.connect(ATTEMPT);
    await pool.connect(ATTEMPT);
    expect(pool.size).toBe(3);
    const lazy = setUp({ min: 0 }).pool;
    await lazy.connect(ATTEMPT);
    expect(lazy.size).toBe(1);
  });

  it('keeps what opened when another failed', async () => {
    const { pool, client } = setUp({ min: 3 });
    client.connectFailures.push(REFUSED);
    await expect(pool.connect(ATTEMPT)).rejects.toBe(REFUSED);
    expect(pool.size).toBe(2);
    await pool.connect(ATTEMPT);
    expect([pool.size, client.connections.length]).toEqual([3, 3]);
    const used = await Promise.all([1, 2, 3].map(() => pool.acquire(ATTEMPT)));
    expect(new Set(used)).toEqual(new Set(client.connections));
  });
});

describe('disconnect', () => {
  it('closes the idle at once, the busy when it comes back, and one that was just being opened', async () => {
    const { pool, client, events } = setUp();
    const [idle, busy] = [await pool.acquire(ATTEMPT), await pool.acquire(ATTEMPT)];
    await pool.release(idle);
    const { promise, resolve } = Promise.withResolvers<void>();
    client.gate = promise;
    // Takes the idle one; the next has to be opened.
    const again = await pool.acquire(ATTEMPT);
    const opening = pool.acquire(ATTEMPT);
    await settle();
    await pool.release(again);
    await pool.disconnect();
    expect([events(), pool.size]).toEqual([[['close'], []], 2]);
    resolve();
    await pool.release(busy);
    await pool.release(await opening);
    expect([events(), pool.size]).toEqual([[['close'], ['close'], ['close']], 0]);
  });

  it('leaves a pool that can be used', async () => {
    const { pool } = setUp();
    await pool.disconnect();
    const connection = await pool.acquire(ATTEMPT);
    await pool.release(connection);
    expect(await pool.acquire(ATTEMPT)).toBe(connection);
  });
});

describe('what comes back', () => {
  it('is closed at once where the transport is SSE', async () => {
    const { pool, events } = setUp({}, { ...TARGET, type: 'sse' });
    await pool.release(await pool.acquire(ATTEMPT));
    expect([events(), pool.size]).toEqual([[['close']], 0]);
  });

  it('makes room when it is discarded or renewed, though it fails to end', async () => {
    const { pool, client, events } = setUp({ max: 1 });
    const first = await pool.acquire(ATTEMPT);
    for (const connection of client.connections) connection.closing = new Error('cannot close');
    const second = pool.acquire(ATTEMPT);
    await settle();
    await pool.discard(first, 'server');
    const third = pool.acquire(ATTEMPT);
    await pool.renew(await second);
    expect(await third).toBe(client.connections[2]);
    expect([events(), pool.size]).toEqual([[['discard server'], ['close'], []], 1]);
  });
});

describe('the pools of all servers', () => {
  it('connect and disconnect together, and one that fails keeps no other', async () => {
    const [good, bad] = [setUp({ min: 2 }), setUp()];
    bad.client.connectFailures.push(REFUSED);
    const connections = new Connections(
      new Map([
        ['good', good.pool],
        ['bad', bad.pool],
      ]),
    );
    expect(await connections.connectAll(ATTEMPT)).toEqual(new Map([['bad', REFUSED]]));
    await connections.connect('bad', ATTEMPT);
    expect([good.pool.size, bad.pool.size]).toEqual([2, 1]);
    await connections.disconnect('good');
    expect([good.pool.size, bad.pool.size]).toEqual([0, 1]);
    await connections.disconnectAll();
    expect(bad.pool.size).toBe(0);
  });

  it('refuse a name that is not theirs', async () => {
    const connections = new Connections(new Map([['a', setUp().pool]]));
    await expect(connections.connect('b', ATTEMPT)).rejects.toThrow(new RangeError('unknown server "b"; known: a'));
  });
});
