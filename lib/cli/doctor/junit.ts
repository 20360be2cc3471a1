/** The checklist as JUnit XML, which pipelines show: a suite for each heading, a case for each check. */
import { printableLine } from '../output.ts';
import type { Line } from './check.ts';
import type { Report } from './report.ts';

type Row = Omit<Line, 'heading'>;

/** @param strict warnings are failures; otherwise they pass, and say why they warn */
export function junitOf({ headings, summary }: Report, strict: boolean): string {
  const all = { ...summary, fail: summary.fail + (strict ? summary.warn : 0) };
  const tests = headings.reduce((sum, { checks }) => sum + checks.length, 0);
  const counts = attributes({ name: 'fusebox doctor', tests, failures: all.fail, skipped: all.notChecked, errors: 0 });
  const suites = headings.map(({ heading, checks }) => suite(heading, checks, strict));
  return `${['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites${counts}>`, ...suites, '</testsuites>'].join('\n')}\n`;
}

function suite(name: string, checks: readonly Row[], strict: boolean): string {
  const failures = checks.filter((check) => isFailure(check, strict)).length;
  const skipped = checks.filter(({ status }) => status === 'notChecked').length;
  const counts = attributes({ name, tests: checks.length, failures, skipped, errors: 0 });
  return [`  <testsuite${counts}>`, ...checks.map((check) => testCase(name, check, strict)), '  </testsuite>'].join(
    '\n',
  );
}

const isFailure = ({ status }: Row, strict: boolean): boolean => status === 'fail' || (strict && status === 'warn');

function testCase(heading: string, check: Row, strict: boolean): string {
  const { id, title, status, reason, fix = '' } = check;
  const opening = `    <testcase${attributes({ classname: `doctor.${heading}`, name: `${id}: ${title}`, time: 0 })}`;
  const message = attributes({ message: reason });
  if (isFailure(check, strict)) {
    return `${opening}><failure${message} type="${status}">${escaped(`fix: ${fix}`)}</failure></testcase>`;
  }
  if (status === 'notChecked') return `${opening}><skipped${message}/></testcase>`;
  const note = status === 'warn' ? `warning: ${reason}; fix: ${fix}` : reason;
  return `${opening}><system-out>${escaped(note)}</system-out></testcase>`;
}

const attributes = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(String(value))}"`)
    .join('');

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Also without what XML 1.0 has no place for (section 2.2): control characters, halves of characters. */
const escaped = (text: string): string =>
  printableLine(text)
    .toWellFormed()
    .replace(/[\ufffe\uffff]/g, '')
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
