import type { Update } from '../snapshot.ts';
import type { Store } from './store.ts';

/** Heartbeats come every five seconds: after so long without a word the other end is gone, whatever the connection says. */
const SILENCE_MS = 12_000;

/** Listens to the run, and listens again when it is back: EventSource does so by itself unless it was refused. */
export function listen(store: Store): void {
  let source: EventSource;
  let silence: number;
  const lost = () => {
    store.setLive(false);
    if (source.readyState === EventSource.CLOSED) again();
  };
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(reopen, SILENCE_MS);
    store.setLive(true);
  };
  const reopen = () => {
    source.close();
    lost();
  };
  const again = () => {
    clearTimeout(silence);
    silence = setTimeout(open, 1_000);
  };
  const open = () => {
    source = new EventSource('/console/events');
    source.onopen = heard;
    source.onerror = lost;
    source.addEventListener('heartbeat', heard);
    source.onmessage = ({ data }: MessageEvent<string>) => {
      heard();
      const update: Update = JSON.parse(data);
      store.take(update);
    };
  };
  open();
}
