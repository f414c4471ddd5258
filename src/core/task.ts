/**
 * A task, and what a change to it is made of. The transitions live beside this file: `task-attempts`
 * (claim and every way an attempt ends) and `task-edits` (what people do to a task). Each takes a
 * task and returns the next one with the one event that tells of it and what became of the lease; an
 * illegal move throws and leaves no trace. Nothing here reads a clock or a database.
 */
import { DomainError } from './errors.ts';
import type { NewEvent } from './event.ts';
import type { Lease, LeaseEnd, LiveLease } from './lease.ts';
import type { RunResult } from './run.ts';
import { FINISHED_STATUSES, type Actor, type Parking, type Priority, type TaskStatus } from './vocabulary.ts';

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
  /** The repository that is worked in; null: people take it, and workers with a default project. */
  readonly project: string | null;
  /** Capabilities that a claimant must have, sorted and without repeats. */
  readonly requires: readonly string[];
  /** A model id; null: the project's. */
  readonly model: string | null;
  readonly budget: TaskBudget;
  /** What it waits for although it is pending; claim-next never hands it out meanwhile. */
  readonly parked: Parked | null;
  /** How the newest run left it, with the sums over all runs; null before the first one ended. */
  readonly result: RunResult | null;
}

/** Over the task's whole life, all attempts and follow-ups together; null: no limit of its own. */
export interface TaskBudget {
  readonly costUsd: number | null;
  /** Input, output, cache reads and writes together. */
  readonly tokens: number | null;
  readonly turns: number | null;
  /** Of setup and running; waiting for people does not count. */
  readonly minutes: number | null;
}

export const NO_BUDGET: TaskBudget = { costUsd: null, tokens: null, turns: null, minutes: null };

export interface Parked {
  readonly kind: Parking;
  /** When it ends by itself; null: when somebody acts. */
  readonly until: Date | null;
  readonly detail: string;
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

/** Whether claim-next may hand it out now. */
export function isReady(task: Task): boolean {
  return task.status === 'pending' && task.notBefore === null && task.parked === null;
}

/**
 * Whose limits a task counts for: the person who queued it in a front end, or for a task of the API the name that
 * came with it; null where there is none.
 */
export function personOf({ createdBy, submittedBy }: Pick<Task, 'createdBy' | 'submittedBy'>): string | null {
  if (createdBy.startsWith('discord:')) return createdBy;
  return submittedBy === null ? null : `name:${submittedBy}`;
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
