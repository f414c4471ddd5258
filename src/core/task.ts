/**
 * A task, and what a change to it is made of. The transitions live beside this file: `task-attempts`
 * (claim and every way an attempt ends) and `task-edits` (what people do to a task). Each takes a
 * task and returns the next one with the one event that tells of it and what became of the lease; an
 * illegal move throws and leaves no trace. Nothing here reads a clock or a database.
 */
import { DomainError } from './errors.ts';
import type { NewEvent } from './event.ts';
import type { Lease, LeaseEnd, LiveLease } from './lease.ts';
import { FINISHED_STATUSES, type Actor, type Priority, type TaskStatus } from './vocabulary.ts';

/** Where a task was asked for: the front end and its own name for the request (an interaction id). */
export interface Origin {
  readonly frontEnd: string;
  readonly ref: string;
}

export interface Task {
  readonly id: number;
  readonly description: string;
  readonly status: TaskStatus;
  readonly priority: Priority;
  /** The one instance this task is meant for. */
  readonly target: string | null;
  readonly instanceId: string | null;
  readonly instanceName: string | null;
  readonly lease: LiveLease | null;
  /** Claims so far that were not given back; reset by requeue. */
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly createdAt: Date;
  readonly claimedAt: Date | null;
  readonly completedAt: Date | null;
  /** Not handed out by claim-next before this time; cleared once it has passed. */
  readonly notBefore: Date | null;
  readonly updatedAt: Date;
  readonly notes: string | null;
  readonly error: string | null;
  /** Text to show. Who may be mentioned is `createdBy`. */
  readonly submittedBy: string | null;
  readonly createdBy: Actor;
  readonly origin: Origin | null;
}

/** `before` is null for a new task; the store uses it to guard the write. */
export interface TaskChange {
  readonly before: Task | null;
  readonly after: Task;
  readonly event: NewEvent;
  readonly leaseStart?: Lease;
  readonly leaseEnd?: LeaseEnd;
}

/** Who acts, by which key, and when. */
export interface Act {
  readonly actor: Actor;
  /** Null where no key was needed: in a front end, and for what Athena does by itself. */
  readonly keyId: string | null;
  readonly now: Date;
}

export function isFinished(task: Task): boolean {
  return (FINISHED_STATUSES as readonly TaskStatus[]).includes(task.status);
}

export function illegal(task: Task, wanted: string, hint?: string): DomainError {
  const message = `Task #${task.id} is ${task.status} and cannot be ${wanted}.${hint ? ` ${hint}` : ''}`;
  return new DomainError('invalid_transition', message, { status: task.status });
}

/** The task, or the refusal that every edge gives for an unknown id. */
export function required(task: Task | null, id: number): Task {
  if (task !== null) return task;
  throw new DomainError('task_not_found', `There is no task #${id}.`, { task_id: id });
}
