import { CommandFailure } from '../../../lib/cli/failure.ts';
import { appendingView, type Rows, screenView, type WatchView, watch } from '../../../lib/cli/watch.ts';

const row = (name: string, state: string): string[] => [name, state, '', '', ''];
const NOW = Date.UTC(2026, 9, 1, 12);

/** Runs a watch over these polls; a wait after the last ends it. */
async function watched(polls: readonly (Rows | Error)[], view: WatchView) {
  const controller = new AbortController();
  const waits: number[] = [];
  const rest = [...polls];
  const poll = async (): Promise<Rows> => {
    const next = rest.shift();
    if (next === undefined || next instanceof Error) throw next ?? new Error('one poll too many');
    return next;
  };
  const sleep = async (ms: number, signal: AbortSignal) => {
    waits.push(ms);
    if (rest.length === 0) controller.abort(new Error('stopped'));
    signal.throwIfAborted();
  };
  const ended = watch({ poll, view, everyMs: 2_000, sleep, signal: controller.signal });
  return { error: await ended.catch((error: unknown) => error), waits };
}

function recordingView() {
  const seen: string[] = [];
  const view: WatchView = { show: (rows) => seen.push(JSON.stringify(rows)), fail: (message) => seen.push(message) };
  return { seen, view };
}

describe('a watch', () => {
  const GONE = new CommandFailure('nothing is listening');

  it('shows each answer until it is stopped', async () => {
    const { seen, view } = recordingView();
    const { error, waits } = await watched([[row('a', 'closed')], [row('a', 'open')]], view);
    expect(seen).toEqual(['[["a","closed","","",""]]', '[["a","open","","",""]]']);
    expect(waits).toEqual([2_000, 2_000]);
    expect(error).toMatchObject({ message: 'stopped' });
  });

  it('outlasts an API that goes away', async () => {
    const { seen, view } = recordingView();
    await watched([[], GONE, [row('a', 'closed')]], view);
    expect(seen).toEqual(['[]', 'nothing is listening', '[["a","closed","","",""]]']);
  });

  it('ends where the API is not there at first', async () => {
    const { seen, view } = recordingView();
    expect(await watched([GONE], view)).toEqual({ error: GONE, waits: [] });
    expect(seen).toEqual([]);
  });

  it('hides no fault of its own', async () => {
    const fault = new TypeError('a bug');
    expect((await watched([[], fault], recordingView().view)).error).toBe(fault);
  });
});

describe('where stdout is no terminal', () => {
  function appended(...steps: ((view: WatchView) => void)[]): string[] {
    const lines: string[] = [];
    const view = appendingView(
      (line) => lines.push(line),
      () => NOW,
    );
    for (const step of steps) step(view);
    return lines.map((line) => line.replace('2026-10-01T12:00:00Z  ', ''));
  }

  it('a line tells of each change, and only of changes', () => {
    const one = row('a', 'closed');
    expect(
      appended(
        (view) => view.show([one, row('b', 'closed')]),
        (view) => view.show([one, row('b', 'open')]),
        (view) => view.show([one, row('b', 'open')]),
        (view) => view.show([one, row('b', 'closed')]),
      ),
    ).toEqual(['a closed', 'b closed', 'b open', 'b closed']);
  });

  it('an outage is told once, and what there is afterwards', () => {
    expect(
      appended(
        (view) => view.show([row('a', 'closed')]),
        (view) => view.fail('nothing is\nlistening'),
        (view) => view.fail('nothing is\nlistening'),
        (view) => view.show([row('a', 'closed')]),
      ),
    ).toEqual(['a closed', 'no answer: nothing is listening', 'a closed']);
  });

  it('what others wrote moves no cursor', () => {
    expect(appended((view) => view.show([row('a', 'x\u001b[2Jy\nz')]))).toEqual(['a xy z']);
  });
});

describe('on a terminal', () => {
  function screen(rows: number) {
    const frames: string[] = [];
    const view = screenView({ rows, write: (text: string | Uint8Array) => frames.push(String(text)) > 0 }, 5);
    return { view, frame: () => frames.at(-1)?.replace('\u001b[H\u001b[2J', '<clear>').split('\n') };
  }

  it('the table is drawn in place of the last one', () => {
    const { view, frame } = screen(24);
    view.show([row('a', 'open')]);
    view.show([row('a', 'closed')]);
    expect(frame()).toEqual([
      expect.stringMatching(/^<clear>.*SERVER {2}STATE/),
      'a       closed',
      'every 5 s; Ctrl-C ends it',
      '',
    ]);
  });

  it('the last table stays while there is no answer', () => {
    const { view, frame } = screen(24);
    view.show([row('a', 'open')]);
    view.fail('nothing is listening');
    expect(frame()?.slice(1)).toEqual(['a       open', 'no answer, this is the last: nothing is listening', '']);
  });

  it('a table that is too long is cut, and says so', () => {
    const { view, frame } = screen(6);
    view.show(['a', 'b', 'c', 'd', 'e'].map((name) => row(name, 'closed')));
    expect(frame()?.slice(1)).toEqual([
      'a       closed',
      'b       closed',
      '… and 3 more',
      'every 5 s; Ctrl-C ends it',
      '',
    ]);
  });
});
