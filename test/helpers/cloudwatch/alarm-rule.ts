/**
 * The rule of a composite alarm: ALARM(…), OK(…), INSUFFICIENT_DATA(…), TRUE, FALSE, AND, OR, NOT and brackets.
 *
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
 */
import type { AlarmState } from './alarm-state.ts';
import { tokensOf } from './tokens.ts';

const TOKEN = /\s*(ALARM|OK|INSUFFICIENT_DATA|AND|OR|NOT|TRUE|FALSE|[()]|"[^"]*")/y;

/** @throws SyntaxError on whatever it does not know */
export function evaluateRule(rule: string, stateOf: (alarm: string) => AlarmState): boolean {
  const rest = tokensOf(rule, TOKEN);
  const take = (expected?: string): string => {
    const token = rest.shift() ?? 'the end';
    if (expected !== undefined && token !== expected) throw new SyntaxError(`expected ${expected}, found ${token}`);
    return token;
  };
  // Every part is evaluated, needed or not: what it names has to exist.
  const either = (): boolean => chain('OR', both, (one, other) => one || other);
  const both = (): boolean => chain('AND', one, (left, right) => left && right);
  const chain = (word: string, part: () => boolean, join: (left: boolean, right: boolean) => boolean): boolean => {
    let value = part();
    while (rest[0] === word) {
      take();
      value = join(value, part());
    }
    return value;
  };
  const one = (): boolean => {
    const token = take();
    if (token === 'NOT') return !one();
    if (token === 'TRUE' || token === 'FALSE') return token === 'TRUE';
    if (token === '(') return closed(either);
    if (!isState(token)) throw new SyntaxError(`what is ${token}?`);
    take('(');
    return closed(() => stateOf(take().slice(1, -1)) === token);
  };
  const closed = (inside: () => boolean): boolean => {
    const value = inside();
    take(')');
    return value;
  };
  const value = either();
  if (rest.length > 0) throw new SyntaxError(`unexpected ${rest.join(' ')}`);
  return value;
}

const isState = (token: string): token is AlarmState => ['ALARM', 'OK', 'INSUFFICIENT_DATA'].includes(token);
