import { type CircuitOrder, orderCircuit } from './api.ts';
import { freshId, h } from './dom.ts';
import { problemView } from './result-view.ts';

const ORDERS = {
  isolated: { title: 'Open the circuit', words: 'Nothing passes until the time is over.', submit: 'Open it' },
  closed: { title: 'Hold the circuit closed', words: 'Everything passes, whatever happens.', submit: 'Hold it closed' },
  auto: {
    title: 'Back to automatic',
    words: 'Failures open the circuit again, and probes close it.',
    submit: 'Set to auto',
  },
} as const;

const DURATIONS = [
  [60, '1 minute'],
  [600, '10 minutes'],
  [3_600, '1 hour'],
  [86_400, '1 day'],
] as const;

const DEFAULT_SECONDS = '600';

export interface OrderTarget {
  readonly server: string;
  /** Where each tool has a circuit of its own: which they are. */
  readonly tools: readonly string[];
}

/** Asks for the reason, which is kept with the order and shown to everybody, and for how long. */
export function askOrder(state: CircuitOrder['state'], { server, tools }: OrderTarget, onDone: () => void): void {
  const { title, words, submit } = ORDERS[state];
  const titleId = freshId('order');
  const reason = h('input', { attrs: { id: freshId('reason'), required: true, maxlength: 500, autocomplete: 'off' } });
  const seconds = h(
    'select',
    { attrs: { id: freshId('seconds') } },
    ...DURATIONS.map(([value, label]) => h('option', { attrs: { value } }, label)),
  );
  seconds.value = DEFAULT_SECONDS;
  const tool = h('select', { attrs: { id: freshId('tool') } }, ...tools.map((name) => h('option', {}, name)));
  const answer = h('div', { attrs: { 'aria-live': 'polite' } });
  const dialog = h('dialog', { attrs: { 'aria-labelledby': titleId } });
  const order = (): CircuitOrder => ({
    state,
    reason: reason.value,
    ...(state === 'auto' ? {} : { forSeconds: Number(seconds.value) }),
    ...(tools.length === 0 ? {} : { tool: tool.value }),
  });
  const send = async () => {
    const answered = await orderCircuit(server, order());
    if (answered.ok) {
      dialog.close();
      onDone();
    } else answer.replaceChildren(problemView(answered.status, answered.problem, answered.problem.errors ?? []));
  };
  const onSubmit = (event: Event) => {
    event.preventDefault();
    void send();
  };
  const form = h(
    'form',
    { on: { submit: onSubmit } },
    h('h2', { attrs: { id: titleId } }, title),
    h('p', { class: 'quiet' }, `${server}: ${words}`),
    tools.length === 0 ? undefined : labelled('Tool', tool),
    labelled('Reason', reason),
    state === 'auto' ? undefined : labelled('For', seconds),
    answer,
    h(
      'div',
      { class: 'actions' },
      h('button', { class: 'primary', attrs: { type: 'submit' } }, submit),
      h('button', { attrs: { type: 'button' }, on: { click: () => dialog.close() } }, 'Cancel'),
    ),
  );
  dialog.append(form);
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

const labelled = (label: string, control: HTMLElement): HTMLElement =>
  h('div', { class: 'field' }, h('label', { attrs: { for: control.id } }, label), control);
