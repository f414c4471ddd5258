/** What a run may still use: the smaller of the task's limits and the worker's, as often as people have granted it. */
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

/** Below nothing where it was overdrawn. */
export function leftOf(limits: Budget, { spent, grants }: Pick<RunStart, 'spent' | 'grants'>): Budget {
  const left = (limit: number | null, used: number) => (limit === null ? null : limit * (1 + grants) - used);
  return {
    costUsd: left(limits.costUsd, spent.cost_usd),
    tokens: left(limits.tokens, spent.tokens),
    turns: left(limits.turns, spent.turns),
    minutes: left(limits.minutes, spent.minutes),
  };
}

/** The first that is used up already. */
export function spentOut(left: Budget): keyof Budget | null {
  const names = ['costUsd', 'tokens', 'turns', 'minutes'] as const;
  return names.find((name) => (left[name] ?? 1) <= 0) ?? null;
}

const NAMES: Readonly<Record<keyof Budget, (limit: number) => string>> = {
  costUsd: (limit) => `$${limit.toFixed(2)}`,
  tokens: (limit) => `${limit} tokens`,
  turns: (limit) => `${limit} turns`,
  minutes: (limit) => `${Number(limit.toPrecision(3))} minutes`,
};

/** `$5.00`, `100 turns`: what it was, grants included. */
export function budgetText(which: keyof Budget, limits: Budget, grants: number): string {
  return NAMES[which]((limits[which] ?? 0) * (1 + grants));
}

export function smaller(one: number | null, other: number | null): number | null {
  if (one === null) return other;
  return other === null ? one : Math.min(one, other);
}
