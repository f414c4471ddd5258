import { describe, expect, it } from 'vitest';
import { budgetText, leftOf, limitsOf, spentOut } from '../../../cli/worker/run-budget.ts';

const NONE = { max_cost_usd: null, max_tokens: null, max_turns: null, max_minutes: null };
const WORKER = { costUsd: 5, tokens: 1000, turns: null, minutes: 60 };
const UNUSED = { cost_usd: 0, tokens: 0, turns: 0, minutes: 0 };

describe('the budget of a run', () => {
  it('is the smaller of the limits of task and worker, wherever there is one', () => {
    expect(limitsOf(NONE, WORKER)).toEqual(WORKER);
    expect(limitsOf({ ...NONE, max_cost_usd: 2, max_tokens: 5000, max_turns: 7 }, WORKER)).toEqual({
      costUsd: 2,
      tokens: 1000,
      turns: 7,
      minutes: 60,
    });
  });

  it('is over the whole life of the task, and once more for each time that people granted it', () => {
    const spent = { cost_usd: 5, tokens: 400, turns: 3, minutes: 1.5 };
    expect(leftOf(WORKER, { spent, grants: 0 })).toEqual({
      costUsd: 0,
      tokens: 600,
      turns: null,
      minutes: 58.5,
    });
    const granted = { cost_usd: 2, tokens: 0, turns: 0, minutes: 1 };
    expect(leftOf(WORKER, { spent, grants: 3, granted })).toEqual({
      costUsd: 10,
      tokens: 600,
      turns: null,
      minutes: 118.5,
    });
  });

  it('is granted in steps of the smaller limit, so that no step is larger than the worker allows', () => {
    const spent = { ...UNUSED, cost_usd: 5, tokens: 100 };
    const limits = limitsOf({ ...NONE, max_cost_usd: 50, max_tokens: 100 }, WORKER);
    const granted = { cost_usd: 1, tokens: 1, turns: 0, minutes: 0 };
    expect(leftOf(limits, { spent, grants: 2, granted })).toMatchObject({ costUsd: 5, tokens: 100 });
  });

  it('counts each grant for every budget where the server does not say for which it was', () => {
    const spent = { ...UNUSED, cost_usd: 5, tokens: 400 };
    expect(leftOf(WORKER, { spent, grants: 2 })).toMatchObject({ costUsd: 10, tokens: 2600 });
  });

  it('is used up when nothing is left of any', () => {
    const spentAll = (spent: typeof UNUSED) => spentOut(leftOf(WORKER, { spent, grants: 0 }));
    expect(spentAll(UNUSED)).toBeNull();
    expect(spentAll({ ...UNUSED, turns: 1e6 })).toBeNull();
    expect(spentAll({ ...UNUSED, tokens: 1000 })).toBe('tokens');
    expect(spentAll({ ...UNUSED, minutes: 61 })).toBe('minutes');
  });

  it('is told as people set it', () => {
    const granted = { cost_usd: 1, tokens: 0, turns: 0, minutes: 0 };
    expect(budgetText('costUsd', WORKER, { grants: 1, granted })).toBe('$10.00');
    expect(budgetText('tokens', WORKER, { grants: 1, granted })).toBe('1000 tokens');
    expect(budgetText('minutes', WORKER, { grants: 0 })).toBe('60 minutes');
  });

  it('of one is told in the singular', () => {
    const one = { costUsd: 1, tokens: 1, turns: 1, minutes: 1 };
    const texts = (['costUsd', 'tokens', 'turns', 'minutes'] as const).map((which) =>
      budgetText(which, one, { grants: 0 }),
    );
    expect(texts).toEqual(['$1.00', '1 token', '1 turn', '1 minute']);
  });
});
