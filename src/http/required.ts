import { DomainError } from '../core/errors.ts';
import type { Task } from '../core/task.ts';

export function required(task: Task | null, id: number): Task {
  if (task !== null) return task;
  throw new DomainError('task_not_found', `There is no task #${id}.`, { task_id: id });
}
