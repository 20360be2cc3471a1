import { controlSchema, FaultPlan, seededRandom } from '../../../lib/local/servers/flaky/faults.ts';

const strikes = (plan: FaultPlan, calls: number) =>
  Array.from({ length: calls }, () => plan.next('tools/call') !== undefined);
const count = (struck: boolean[]) => struck.filter(Boolean).length;
const control = (input: object) => controlSchema.parse(input);

describe('the fault plan', () => {
  let nowMs = 0;
  const newPlan = (seed = 1) => new FaultPlan(seededRandom(seed), () => nowMs);

  beforeEach(() => {
    nowMs = 1_000;
  });

  it.each([0, 0.05, 0.3, 0.5, 0.75, 1])('strikes a share of %d exactly, whatever the draw', (share) => {
    for (const seed of [1, 2, 3]) {
      const plan = newPlan(seed);
      plan.set(control({ mode: '503', share }));
      const struck = strikes(plan, 1_000);
      for (const calls of [20, 100, 1_000]) {
        expect(Math.abs(count(struck.slice(0, calls)) - calls * share)).toBeLessThanOrEqual(1);
      }
    }
  });

  it('does not strike in step with a caller that retries', () => {
    const plan = newPlan();
    plan.set(control({ mode: '503', share: 0.5 }));
    const even = strikes(plan, 1_000).filter((_, index) => index % 2 === 0);
    expect(count(even)).toBeGreaterThan(200);
    expect(count(even)).toBeLessThan(300);
  });

  it('strikes the same calls in each run', () => {
    const [one, two] = [newPlan(), newPlan()].map((plan) => {
      plan.set(control({ mode: 'hang', share: 0.4 }));
      return strikes(plan, 50);
    });
    expect(one).toEqual(two);
  });

  it('ends after its count', () => {
    const plan = newPlan();
    plan.set(control({ mode: 'reset', count: 2 }));
    expect(strikes(plan, 4)).toEqual([true, true, false, false]);
    expect(plan.state).toMatchObject({ mode: 'ok', seen: 2, struck: 2 });
  });

  it('ends after its time', () => {
    const plan = newPlan();
    plan.set(control({ mode: 'reset', forMs: 500 }));
    nowMs += 499;
    expect(strikes(plan, 1)).toEqual([true]);
    nowMs += 1;
    expect(strikes(plan, 1)).toEqual([false]);
    expect(plan.state.mode).toBe('ok');
  });

  it('strikes only the methods it names, tools/call by default', () => {
    const plan = newPlan();
    plan.set(control({ mode: '500' }));
    expect(plan.next('tools/list')).toBeUndefined();
    expect(plan.next('tools/call')).toBeDefined();
    plan.set(control({ mode: '500', methods: ['initialize'] }));
    expect(plan.next('tools/call')).toBeUndefined();
    expect(plan.next('initialize')).toBeDefined();
  });

  it('is harmless before it is set and after a reset', () => {
    const plan = newPlan();
    expect(strikes(plan, 2)).toEqual([false, false]);
    plan.set(control({ mode: '500' }));
    plan.reset();
    expect(strikes(plan, 2)).toEqual([false, false]);
  });
});
