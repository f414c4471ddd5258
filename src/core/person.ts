/** Who steers runs: answers and replies are for people, and a key that may only work gives none. */
import { DomainError } from './errors.ts';
import { missingScope } from './key.ts';
import type { Caller } from './ownership.ts';
import type { Task } from './task.ts';

/** Who answers or replies. `name` is how people see them; without it the name of the key. */
export interface Person extends Caller {
  readonly name?: string | undefined;
}

/** Throws `not_permitted` for a key that may work and no more, by whatever way the call came. */
export function requireSubmit({ key }: Caller): void {
  if (key !== undefined && key.scope !== 'submit' && key.scope !== 'admin') throw missingScope(key, 'submit');
}

/** Throws `not_permitted` for a person whose reach is their own tasks. */
export function requireReach(task: Task, { reach, actor }: Caller): void {
  if (reach !== 'own' || task.createdBy === actor) return;
  const message = `Task #${task.id} was queued by somebody else; only for your own tasks you can answer and reply.`;
  throw new DomainError('not_permitted', message, { task_id: task.id });
}

/**
 * Stopping a worker's run and having a task run again is done on somebody's machine, and takes more than changing a
 * task that waits. Throws `not_permitted`.
 */
export function requireSteering(task: Task, { steers, actor }: Caller): void {
  if (steers !== 'own' || task.createdBy === actor) return;
  const message = `Task #${task.id} was queued by somebody else, and a worker has begun it.`;
  throw new DomainError('not_permitted', message, { task_id: task.id, takes: 'steering' });
}

/** How people see whoever it was. */
export function nameOf({ name, key, speaker }: Person): string {
  return name ?? key?.name ?? speaker ?? 'operator';
}
