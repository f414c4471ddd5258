/** Who is next. */
import type { Priority } from '../../../src/core/vocabulary.ts';
import type { State, Task } from './state.ts';

const RANK: Readonly<Record<Priority, number>> = { high: 1, medium: 2, low: 3 };

/** High before medium before low, and within one priority the oldest first. */
export function inClaimOrder(tasks: readonly Task[]): Task[] {
  return [...tasks].sort((a, b) => RANK[a.priority] - RANK[b.priority] || a.id - b.id);
}

/** What claim-next would hand to this instance, or to nobody in particular, if the queue is not paused. */
export function nextFor(state: State, instance: string | null): Task | null {
  const ready = state.tasks.filter(
    ({ status, not_before: delay, target }) =>
      status === 'pending' && delay === null && (target === null || target === instance),
  );
  return inClaimOrder(ready)[0] ?? null;
}
