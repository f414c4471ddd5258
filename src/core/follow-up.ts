/** A task that has ended goes on: in the same session and on the same branch. */
import { backInQueue, change } from './task-change.ts';
import type { Act, Task, TaskChange } from './task.ts';

/** Finished, and pending again: attempts start anew, the session and the branch stay. */
export function followUp(task: Task, act: Act): TaskChange {
  const after: Task = { ...backInQueue(task, act.now), attempt: 0, error: null };
  return change(task, after, { action: 'requeued', act, details: { reason: 'follow_up' } });
}
