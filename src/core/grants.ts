/**
 * What people grant at a reached budget. The answer `more` gives the budget that was reached, and no other, the same
 * amount once more; how much that is, is the limit that ended the run: the task's own where it is the smaller one, else
 * the worker's. So one answer never gives more than the worker's limit.
 */
import type { TaskWork } from './run.ts';
import { BUDGETS, type Budget } from './vocabulary.ts';

/** How often each was granted. */
export type Granted = Readonly<Record<Budget, number>>;

export const NOTHING_GRANTED: Granted = { cost_usd: 0, tokens: 0, turns: 0, minutes: 0 };

/** Null: its worker did not say which one it was, and counts every grant for each of them. */
export function grantedMore(work: TaskWork, reached: Budget | null): TaskWork {
  const more = (budget: Budget) => (reached === null || reached === budget ? 1 : 0);
  const counts = BUDGETS.map((budget) => [budget, work.granted[budget] + more(budget)] as const);
  return { ...work, grants: work.grants + 1, granted: Object.fromEntries(counts) as unknown as Granted };
}
