/** A reached budget is a question to people: the same amount of it again, what is there, or an end. */
import type { LiveRun } from './live-run.ts';
import { BUDGET_NAMES, budgetText, grantText } from './run-budget.ts';
import type { Budget } from './settings.ts';

/** The task waits with it. False: it was not taken. */
export function askForMore(
  { questions, claim }: LiveRun,
  which: keyof Budget,
  limits: Budget,
): Promise<boolean> {
  return questions.put({
    key: `budget-${claim.run.number}`,
    kind: 'choice',
    title: `The budget of ${budgetText(which, limits, claim.run)} is used up`,
    detail: `Go on with ${grantText(which, limits)} more, deliver what is there, or stop?`,
    options: [
      { id: 'more', label: 'The same again' },
      { id: 'finish', label: 'Deliver what is there' },
      { id: 'stop', label: 'Stop' },
    ],
    budget: BUDGET_NAMES[which],
  });
}
