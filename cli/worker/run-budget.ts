/**
 * What a run may still use of each budget: the smaller of the task's limit and the worker's, and as much again for each
 * time that people have granted that budget once more. What one grant gives is thus never more than the worker's limit.
 */
import type { RunStart } from '../../src/contract/run.ts';
import type { TaskView } from '../../src/contract/task.ts';
import type { Budget } from './settings.ts';

type TaskLimits = Pick<TaskView, 'max_cost_usd' | 'max_tokens' | 'max_turns' | 'max_minutes'>;

export function limitsOf(task: TaskLimits, worker: Budget): Budget {
  return {
    costUsd: smaller(task.max_cost_usd, worker.costUsd),
    tokens: smaller(task.max_tokens, worker.tokens),
    turns: smaller(task.max_turns, worker.turns),
    minutes: smaller(task.max_minutes, worker.minutes),
  };
}

/** As the server calls them. */
export const BUDGET_NAMES = {
  costUsd: 'cost_usd',
  tokens: 'tokens',
  turns: 'turns',
  minutes: 'minutes',
} as const satisfies Record<keyof Budget, keyof RunStart['spent']>;

type Grants = Pick<RunStart, 'grants' | 'granted'>;

/** Below nothing where it was overdrawn. */
export function leftOf(limits: Budget, run: Grants & Pick<RunStart, 'spent'>): Budget {
  const left = (which: keyof Budget) => {
    const whole = wholeOf(which, limits, run);
    return whole === null ? null : whole - run.spent[BUDGET_NAMES[which]];
  };
  return {
    costUsd: left('costUsd'),
    tokens: left('tokens'),
    turns: left('turns'),
    minutes: left('minutes'),
  };
}

/** A server that does not say which budget was granted means each. */
function wholeOf(which: keyof Budget, limits: Budget, { grants, granted }: Grants): number | null {
  const limit = limits[which];
  return limit === null ? null : limit * (1 + (granted?.[BUDGET_NAMES[which]] ?? grants));
}

/** The first that is used up already. */
export function spentOut(left: Budget): keyof Budget | null {
  const names = ['costUsd', 'tokens', 'turns', 'minutes'] as const;
  return names.find((name) => (left[name] ?? 1) <= 0) ?? null;
}

const NAMES: Readonly<Record<keyof Budget, (limit: number) => string>> = {
  costUsd: (limit) => `$${limit.toFixed(2)}`,
  tokens: (limit) => counted(limit, 'token'),
  turns: (limit) => counted(limit, 'turn'),
  minutes: (limit) => counted(Number(limit.toPrecision(3)), 'minute'),
};

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;

/** `$5.00`, `100 turns`: what it was, grants included. */
export function budgetText(which: keyof Budget, limits: Budget, grants: Grants): string {
  return NAMES[which](wholeOf(which, limits, grants) ?? 0);
}

/** What one more grant of it gives. */
export function grantText(which: keyof Budget, limits: Budget): string {
  return NAMES[which](limits[which] ?? 0);
}

export function smaller(one: number | null, other: number | null): number | null {
  if (one === null) return other;
  return other === null ? one : Math.min(one, other);
}
