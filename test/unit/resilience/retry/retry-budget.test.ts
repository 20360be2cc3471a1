import { RetryBudget } from '../../../../lib/resilience/retry/retry-budget.ts';

function taken(budget: RetryBudget): number {
  let count = 0;
  while (count < 100 && budget.take()) count++;
  return count;
}

it('starts with one token', () => {
  expect(taken(new RetryBudget({ ratio: 0.1 }))).toBe(1);
});

it('starts with what it is told', () => {
  expect(taken(new RetryBudget({ ratio: 0.1, initial: 10 }))).toBe(10);
});

it('earns a token with ten successes, not with nine', () => {
  const budget = new RetryBudget({ ratio: 0.1, initial: 0 });
  for (let i = 0; i < 9; i++) budget.onSuccess();
  expect(budget.take()).toBe(false);
  budget.onSuccess();
  expect(budget.take()).toBe(true);
  expect(budget.take()).toBe(false);
});

it('holds ten at most', () => {
  const budget = new RetryBudget({ ratio: 1 });
  for (let i = 0; i < 1_000; i++) budget.onSuccess();
  expect(taken(budget)).toBe(10);
});

it('loses nothing by rounding over many rounds', () => {
  const budget = new RetryBudget({ ratio: 0.1, initial: 0 });
  let count = 0;
  for (let i = 0; i < 100_000; i++) {
    budget.onSuccess();
    if (budget.take()) count++;
  }
  expect(count).toBe(10_000);
});

it('takes what rounding has left of a token', () => {
  expect(taken(new RetryBudget({ ratio: 0.1, initial: 0.999_999_999 }))).toBe(1);
  expect(taken(new RetryBudget({ ratio: 0.1, initial: 0.999_999 }))).toBe(0);
});
