/** The page: draws what the run tells, and sends what its user wants. */
import { Calls } from './calls.ts';
import { Details } from './details.ts';
import { byId, setText } from './dom.ts';
import { Environments } from './environments.ts';
import { Overview } from './overview.ts';
import { Store } from './store.ts';
import { listen } from './stream.ts';
import { themeButton } from './theme.ts';

/** Times go on also when nothing happens. */
const TICK_MS = 500;

const store = new Store();
const overview = new Overview(store, byId('servers'));
const details = new Details(store, byId('details'));
const calls = new Calls(store, byId('calls'));
const environments = new Environments(store, byId('environments'));

function draw(): void {
  overview.draw();
  details.draw();
  environments.draw();
  showConnection();
  keepInAddress();
}

function showConnection(): void {
  const { isLive, snapshot } = store;
  const isStale = snapshot?.stale === true;
  byId('lost').hidden = isLive || snapshot === undefined;
  setText(byId('connection-words'), isLive ? (isStale ? 'the API is silent' : 'live') : 'connecting');
  byId('connection').className = `connection ${isLive && !isStale ? 'good' : 'watch'}`;
}

/** A reload shows the same server. */
function keepInAddress(): void {
  const hash = store.selected === undefined ? '' : `#${encodeURIComponent(store.selected)}`;
  if (location.hash !== hash && store.snapshot !== undefined) history.replaceState(null, '', hash === '' ? '/' : hash);
}

function selectFromAddress(): void {
  const name = decodeURIComponent(location.hash.slice(1));
  store.select(name === '' ? undefined : name);
}

const isTyping = ({ target }: Event): boolean =>
  target instanceof HTMLElement && target.matches('input, textarea, select');

function onKey(event: KeyboardEvent): void {
  if (document.querySelector('dialog[open]') !== null || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === '/' && !isTyping(event)) {
    event.preventDefault();
    if (store.selected === undefined) store.select(store.servers[0]?.name);
    details.focusSearch();
  } else if (event.key === 'Escape' && store.selected !== undefined) {
    details.closeInnermost();
  }
}

store.onChange(draw);
store.onChange(() => calls.draw());
document.addEventListener('keydown', onKey);
window.addEventListener('hashchange', selectFromAddress);
themeButton(byId('theme'), byId('theme-words'));
setText(byId('origin'), location.host);
selectFromAddress();
listen(store);
setInterval(draw, TICK_MS);
