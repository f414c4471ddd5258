/** The frame of every move by a caller: find the task, answer a repeat, judge who may, then decide. */
import { DomainError } from './errors.ts';
import { actorOf, isRepeat, requireOwnership, type Caller } from './ownership.ts';
import type { Clock } from './ports.ts';
import type { Act, Task, TaskChange } from './task.ts';
import type { LeaseOutcome } from './vocabulary.ts';
import { work, type Outcome, type Work } from './work.ts';

export interface Move {
  /** Outcomes of the caller's own lease that make this call a harmless repeat. */
  readonly repeats?: readonly LeaseOutcome[];
  /** Null: the task is that way already, so nothing happened and nothing is told. */
  make(task: Task, act: Act): TaskChange | null;
}

export type MoveTask = (id: number, caller: Caller, move: Move) => Work<Task>;

export function createMove(clock: Clock): MoveTask {
  return (id, caller, move) =>
    work<'task', Task>({ read: 'task', id, leaseId: caller.leaseId }, ({ task, lease }) => {
      const found = required(task, id);
      const act = { actor: actorOf(caller, lease), now: clock.now() };
      const seen = signOfLife(caller, act.now);
      if (isRepeat({ task: found, lease, caller }, move.repeats ?? [])) return { result: found, ...seen };
      requireOwnership(found, caller);
      const made = move.make(found, act);
      return made === null ? { result: found, ...seen } : { result: made.after, changes: [made], ...seen };
    });
}

export function required(task: Task | null, id: number): Task {
  if (task !== null) return task;
  throw new DomainError('task_not_found', `There is no task #${id}.`, { task_id: id });
}

/** A caller that names its instance is heard from. */
export function signOfLife(caller: Caller, at: Date): Pick<Outcome<never>, 'seen'> {
  return caller.instanceId === undefined ? {} : { seen: { instanceId: caller.instanceId, at } };
}
