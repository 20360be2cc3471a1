import type { Answer, Block, CallResult, Meta, Problem } from './api.ts';
import type { Fault } from './arguments.ts';
import { h, icon } from './dom.ts';
import { duration, plural } from './words.ts';

/** A page of more text than this is slow to read and slow to draw. */
const MAX_TEXT = 100_000;

const IMAGE = /^image\/[a-z0-9.+-]+$/i;
const BASE64 = /^[A-Za-z0-9+/=\s]*$/;

/** What came of a call. @param homeless the faults that belong to no field */
export function resultView(
  answer: Answer<{ readonly result: CallResult; readonly meta: Meta }>,
  homeless: readonly Fault[],
): HTMLElement {
  if (!answer.ok) return problemView(answer.status, answer.problem, homeless);
  const { result, meta } = answer.body;
  const failed = result.isError === true;
  const structured = result.structuredContent;
  return h(
    'div',
    { class: 'result' },
    h(
      'p',
      { class: 'result-head' },
      h('span', { class: `badge ${failed ? 'watch' : 'good'}` }, icon(failed ? 'watch' : 'good'), `${answer.status}`),
      failed ? 'the tool says that it failed' : 'answered',
      h('span', { class: 'meta' }, metaWords(meta)),
    ),
    ...(result.content ?? []).map(blockView),
    ...(structured === undefined ? [] : [h('h4', {}, 'Structured content'), pretty(structured)]),
  );
}

function metaWords({ durationMs, attempts, cache, circuit, protocol }: Meta): string {
  return [
    durationMs === undefined ? '' : duration(durationMs),
    attempts === undefined ? '' : plural(attempts, 'attempt'),
    cache === undefined ? '' : `cache ${cache}`,
    circuit === undefined ? '' : `circuit ${circuit}`,
    protocol ?? '',
  ]
    .filter((part) => part !== '')
    .join(' · ');
}

export function problemView(status: number, problem: Problem, homeless: readonly Fault[]): HTMLElement {
  const { title, detail, code, outcome, retryAfterMs, attempts, requestId, message, error } = problem;
  const facts = [
    attempts === undefined ? '' : plural(attempts, 'attempt'),
    retryAfterMs === undefined ? '' : `again after ${duration(retryAfterMs)}`,
    outcome === 'unknown' ? 'the tool may have run' : '',
    requestId === undefined ? '' : `request ${requestId}`,
  ];
  return h(
    'div',
    { class: 'result problem' },
    h(
      'p',
      { class: 'result-head' },
      h('span', { class: 'badge bad' }, icon('bad'), status === 0 ? 'no answer' : String(status)),
      h('code', {}, code ?? ''),
      h('span', { class: 'meta' }, facts.filter((fact) => fact !== '').join(' · ')),
    ),
    h('p', { class: 'problem-title' }, title ?? message ?? error ?? 'It was refused'),
    detail === undefined ? undefined : h('p', { class: 'quiet' }, detail),
    homeless.length === 0
      ? undefined
      : h(
          'ul',
          { class: 'faults' },
          ...homeless.map((fault) => h('li', {}, h('code', {}, fault.pointer), ` ${fault.detail}`)),
        ),
  );
}

/** A server's words are text, whatever they look like. */
function blockView(block: Block): HTMLElement {
  const { type, text, data = '', mimeType = '', uri, name } = block;
  if (type === 'text' && text !== undefined) return h('pre', { attrs: { tabindex: 0 } }, cut(text));
  if (type === 'image' && IMAGE.test(mimeType) && BASE64.test(data)) return image(mimeType, data);
  if (type === 'resource_link') return h('p', { class: 'link' }, name ?? '', ' ', h('code', {}, uri ?? ''));
  return pretty(block);
}

function image(mimeType: string, data: string): HTMLElement {
  const src = `data:${mimeType};base64,${data}`;
  return h('p', { class: 'picture' }, h('img', { attrs: { src, alt: 'The image that the tool answered with' } }));
}

const pretty = (value: unknown): HTMLElement =>
  h('pre', { attrs: { tabindex: 0 } }, cut(JSON.stringify(value, undefined, 2)));

const cut = (text: string): string =>
  text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}\n… ${text.length - MAX_TEXT} characters more`;
