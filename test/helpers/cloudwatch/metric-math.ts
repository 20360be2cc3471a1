/**
 * CloudWatch's metric math, as far as our templates use it: IF, FILL with a number, + - * /, comparisons, brackets.
 *
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
 */

import { tokensOf } from './tokens.ts';

/** A value a period; undefined where there is none. */
export type Series = readonly (number | undefined)[];
type Value = number | Series;

const TOKEN = /\s*(\d+(?:\.\d+)?|[A-Za-z]\w*|[<>=!]=|[-+*/()<>,])/y;

/** @throws SyntaxError on whatever it does not know */
export function evaluateMath(expression: string, metrics: ReadonlyMap<string, Series>): Series {
  const result = new Parser(tokensOf(expression, TOKEN), metrics).parse();
  if (typeof result === 'number') throw new SyntaxError(`${expression} is a number, not a time series`);
  return result;
}

const COMPARISONS: Readonly<Record<string, (one: number, other: number) => boolean>> = {
  '==': (one, other) => one === other,
  '!=': (one, other) => one !== other,
  '<=': (one, other) => one <= other,
  '>=': (one, other) => one >= other,
  '<': (one, other) => one < other,
  '>': (one, other) => one > other,
};

const ARITHMETIC: Readonly<Record<string, (one: number, other: number) => number | undefined>> = {
  '+': (one, other) => one + other,
  '-': (one, other) => one - other,
  '*': (one, other) => one * other,
  // "If the value of a data point causes a function to attempt to divide by zero, the data point is dropped."
  '/': (one, other) => (other === 0 ? undefined : one / other),
};

class Parser {
  readonly #tokens: string[];
  readonly #metrics: ReadonlyMap<string, Series>;

  constructor(all: string[], metrics: ReadonlyMap<string, Series>) {
    this.#tokens = [...all];
    this.#metrics = metrics;
  }

  parse(): Value {
    const value = this.#comparison();
    if (this.#tokens.length > 0) throw new SyntaxError(`unexpected ${this.#tokens.join(' ')}`);
    return value;
  }

  #comparison(): Value {
    const left = this.#sum();
    const compare = COMPARISONS[this.#tokens[0] ?? ''];
    if (compare === undefined) return left;
    this.#tokens.shift();
    return pairwise(left, this.#sum(), (one, other) => (compare(one, other) ? 1 : 0));
  }

  #sum(): Value {
    return this.#chain(['+', '-'], () => this.#product());
  }

  #product(): Value {
    return this.#chain(['*', '/'], () => this.#factor());
  }

  /** Operators of one rank, from the left. */
  #chain(operators: readonly string[], operand: () => Value): Value {
    let value = operand();
    while (operators.includes(this.#tokens[0] ?? '')) {
      const operate = ARITHMETIC[this.#tokens.shift() ?? ''];
      if (operate !== undefined) value = pairwise(value, operand(), operate);
    }
    return value;
  }

  #factor(): Value {
    const token = this.#tokens.shift();
    if (token === '(') return this.#closed(this.#comparison());
    if (token === 'IF') return this.#if();
    if (token === 'FILL') return this.#fill();
    if (token !== undefined && /^\d/.test(token)) return Number(token);
    const metric = this.#metrics.get(token ?? '');
    if (metric === undefined) throw new SyntaxError(`what is ${token}?`);
    return metric;
  }

  #if(): Value {
    this.#expect('(');
    const condition = this.#comparison();
    this.#expect(',');
    const yes = this.#comparison();
    this.#expect(',');
    const no = this.#closed(this.#comparison());
    if (typeof condition === 'number') return condition === 0 ? no : yes;
    return condition.map((value, index) => {
      if (value === undefined) return undefined;
      // Where it is true, a missing value is 0; where it is false, there is none.
      return value === 0 ? at(no, index) : (at(yes, index) ?? 0);
    });
  }

  #fill(): Series {
    this.#expect('(');
    const series = this.#comparison();
    this.#expect(',');
    const filler = this.#closed(this.#comparison());
    if (typeof series === 'number') throw new SyntaxError('FILL of a number');
    return series.map((value, index) => value ?? at(filler, index));
  }

  #closed<T>(value: T): T {
    this.#expect(')');
    return value;
  }

  #expect(token: string): void {
    const found = this.#tokens.shift();
    if (found !== token) throw new SyntaxError(`expected ${token}, found ${found}`);
  }
}

const at = (value: Value, index: number): number | undefined => (typeof value === 'number' ? value : value[index]);

/** Between two series, what one of them lacks is 0; with a number, there is a value where the series has one. */
function pairwise(left: Value, right: Value, operate: (one: number, other: number) => number | undefined): Value {
  if (typeof left === 'number' && typeof right === 'number') return operate(left, right) ?? Number.NaN;
  const series = typeof left === 'number' ? right : left;
  if (typeof series === 'number') throw new TypeError('no series');
  return series.map((_, index) => {
    const [one, other] = [at(left, index), at(right, index)];
    const isMissing =
      typeof left !== 'number' && typeof right !== 'number'
        ? one === undefined && other === undefined
        : one === undefined || other === undefined;
    return isMissing ? undefined : operate(one ?? 0, other ?? 0);
  });
}
