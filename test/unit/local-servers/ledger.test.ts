import { Ledger } from '../../../lib/local/servers/flaky/ledger.ts';

const call = (session: string, id: number | string, environment?: string) => ({
  speech: 'legacy' as const,
  method: 'tools/call',
  id,
  session,
  ...(environment !== undefined && { environment }),
});

describe('the ledger', () => {
  it('notices a session in use twice at once', () => {
    const ledger = new Ledger();
    const endFirst = ledger.begin(call('a', 1));
    const endSecond = ledger.begin(call('a', 2));
    endFirst(true);
    endSecond(true);
    ledger.begin(call('b', 1))(true);
    ledger.begin(call('b', 2))(true);
    const { sessions, sessionUse, inFlight } = ledger.snapshot();
    expect(sessions.maxInFlight).toBe(2);
    expect(sessionUse).toMatchObject({ a: { maxInFlight: 2, requests: 2 }, b: { maxInFlight: 1, requests: 2 } });
    expect(inFlight).toBe(0);
  });

  it('counts ids that repeat within a session, and tells 1 from "1"', () => {
    const ledger = new Ledger();
    for (const id of [1, '1', 1, 2]) ledger.begin(call('a', id))(true);
    ledger.begin(call('b', 1))(true);
    expect(ledger.snapshot().sessions.repeatedIds).toBe(1);
  });

  it('counts sessions that more than one environment used', () => {
    const ledger = new Ledger();
    ledger.begin(call('a', 1, 'one'))(true);
    ledger.begin(call('a', 2, 'two'))(true);
    ledger.begin(call('b', 1, 'one'))(true);
    expect(ledger.snapshot()).toMatchObject({
      sessions: { shared: 1 },
      sessionUse: { a: { environments: ['one', 'two'] }, b: { environments: ['one'] } },
    });
  });

  it('counts a request as abandoned when its answer did not go out whole', () => {
    const ledger = new Ledger();
    ledger.begin(call('a', 1))(false);
    ledger.begin({ speech: 'legacy', method: 'GET', session: 'a' })(false);
    expect(ledger.snapshot()).toMatchObject({
      abandoned: 1,
      requests: { total: 2, legacy: { 'tools/call': 1, GET: 1 } },
    });
  });

  it('keeps what is alive over a reset, and nothing else', () => {
    const ledger = new Ledger();
    ledger.sessionOpened('a');
    ledger.sessionOpened('b');
    ledger.sessionClosed('b');
    ledger.executed('echo', { text: 'x' });
    const end = ledger.begin(call('a', 1));
    ledger.reset();
    expect(ledger.snapshot()).toMatchObject({
      requests: { total: 0, legacy: {} },
      inFlight: 1,
      executions: {},
      sessions: { opened: 0, live: 1, maxLive: 1, maxInFlight: 0 },
    });
    end(true);
    expect(ledger.snapshot().inFlight).toBe(0);
  });

  it('gives a snapshot that does not change later', () => {
    const ledger = new Ledger();
    ledger.executed('echo', { text: 'x' });
    const before = ledger.snapshot();
    ledger.executed('echo', { text: 'y' });
    expect(before.executions).toEqual({ echo: { count: 1, arguments: [{ text: 'x' }] } });
  });
});
