/**
 * Retention: tasks that ended long ago are retired, that is deleted together with all that happened to
 * them, and written to an archive first where there is one. A task is retired whole or not at all, and
 * never while a front end has yet to tell of it.
 */
import type { TaskEvent } from './event.ts';
import type { Lease } from './lease.ts';
import type { Task } from './task.ts';

/** A finished task with its whole history, as one look saw it. */
export interface TaskTrail {
  readonly task: Task;
  /** Oldest first. */
  readonly events: readonly TaskEvent[];
  /** Oldest first: one for each claim. */
  readonly leases: readonly Lease[];
}

export interface Retirable {
  readonly endedBefore: Date;
  /** The position up to which everything has been told; null when there is nobody to tell. */
  readonly deliveredUpTo: string | null;
  readonly limit: number;
}

export interface Retired {
  /** False: one of the tasks has changed since it was read, so none was deleted. */
  readonly done: boolean;
  /** How long everybody else had to wait for it, in milliseconds, the commit included. */
  readonly heldMs: number;
}

export interface RetentionStore {
  /** Up to `limit` tasks, oldest end first. Empty while the oldest ones still have to be told of. */
  retirable(which: Retirable): Promise<readonly TaskTrail[]>;
  /** Deletes these tasks with their events, leases and links in one transaction. */
  retire(trails: readonly TaskTrail[]): Promise<Retired>;
}

/** A place outside the store for what is about to be deleted. */
export interface Archive {
  /**
   * Resolves once all of it is durable; repeating it after a failure or a crash leaves each task there
   * once. Rejects when it cannot be written now: then nothing may be deleted.
   */
  append(trails: readonly TaskTrail[]): Promise<void>;
}
